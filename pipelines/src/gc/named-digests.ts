import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import type { Artifacts } from '../store/artifacts.ts';
import { manifestSchema } from '../store/manifest.ts';
import { damageIn } from '../store/sums.ts';

/**
 * Digests that a published manifest names: of those below the artifacts root, links followed, and of those elsewhere that
 * have published into the same store. Whatever a manifest of this or an earlier version has in the form of a digest
 * counts as named. Throws `UserError` naming the place when one cannot be read: what it names is not known.
 */
export function namedDigests({ root, store }: Pick<Artifacts, 'root' | 'store'>): Set<string> {
  const named = new Set<string>();
  const seen = new Set([join(root, 'work'), store].flatMap(realPathOf));
  const visit = (folder: string): void => {
    const [real] = realPathOf(folder);
    if (real === undefined || seen.has(real)) return;
    seen.add(real);
    for (const name of reading(folder, () => readdirSync(folder))) {
      const path = join(folder, name);
      // A link whose disk is not there fails here: what lies behind it may be in use.
      const entry = reading(path, () => statSync(path));
      if (entry.isDirectory()) visit(path);
      else if (name === 'manifest.json') for (const digest of digestsIn(path)) named.add(digest);
    }
  };
  visit(root);
  for (const folder of publishedInto(store)) visit(folder);
  return named;
}

function realPathOf(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

function reading<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw unreadable(
      path,
      (cause as Error).message,
      'Bring back the disk that it is on, make it readable, or remove it.',
    );
  }
}

function unreadable(file: string, why: string, remedy: string): UserError {
  return new UserError(`Nothing is removed, since what is in use here cannot be known: ${why}`, { file, remedy });
}

const publishAgain = 'Run its stage again, which publishes it anew, or remove its folder.';

function digestsIn(file: string): string[] {
  const text = reading(file, () => readFileSync(file, 'utf8'));
  const damage = reading(file, () => damageIn(dirname(file), 'manifest.json'));
  if (damage !== undefined) throw unreadable(file, damage, publishAgain);
  let schema: unknown;
  try {
    schema = (JSON.parse(text) as { schema?: unknown } | null)?.schema;
  } catch {
    throw unreadable(file, 'the manifest is torn', publishAgain);
  }
  if (typeof schema === 'number' && schema > manifestSchema) {
    const why = `the manifest has schema ${schema}, of a newer Selfsup; this one knows ${manifestSchema}`;
    throw unreadable(file, why, 'Run gc with the newer version.');
  }
  return text.match(/\b[0-9a-f]{64}\b/g) ?? [];
}

/** Folders of all that was ever published into a store, as far as they are there. */
function publishedInto(store: string): string[] {
  const keys = join(store, 'keys');
  if (realPathOf(keys).length === 0) return [];
  const files = reading(keys, () => readdirSync(keys, { recursive: true, encoding: 'utf8' }));
  const folders = files.filter((name) => name.endsWith('.json')).map((name) => folderIn(join(keys, name)));
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}

/** An entry that is torn names nothing: it is only a short cut to a result. */
function folderIn(file: string): string | undefined {
  try {
    const { folder } = JSON.parse(readFileSync(file, 'utf8')) as { folder?: unknown };
    return typeof folder === 'string' ? folder : undefined;
  } catch {
    return undefined;
  }
}
