import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256, writeAtomically } from '@selfsup/kit/files';
import { cachePath } from '@selfsup/kit/folders';
import { lockfilePath } from './lockfile.ts';
import type { RootKey } from './root-key.ts';
import { contentHash, packageOfFile } from './source-files.ts';

interface KeptKey {
  /** The code that computed it. */
  readonly by: string;
  /** Absolute path of every file that it depends on to the sha256 of its content. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly key: RootKey;
}

const inProcess = new Map<string, Promise<RootKey>>();
const hashes = new Map<string, Promise<string>>();

/**
 * The key of a source file (absolute path): of this process, else kept in the user's cache while all files that it was
 * computed from are as they were, else computed. Throws as `computeRootKey` does.
 */
export function rootKey(root: string, file: string, open: readonly string[] = []): Promise<RootKey> {
  // What is seen from within a circle of workers is not what is seen from outside.
  if (open.length > 0) return computed(root, file, open);
  const name = `${root}\n${file}`;
  let found = inProcess.get(name);
  if (found === undefined) inProcess.set(name, (found = keptOrComputed(root, file)));
  return found;
}

/** Parsers are loaded only where no key is kept. */
async function computed(root: string, file: string, open: readonly string[]): Promise<RootKey> {
  const { computeRootKey } = await import('./root-key.ts');
  return computeRootKey(root, file, (other, within) => rootKey(root, other, within), open);
}

async function keptOrComputed(root: string, file: string): Promise<RootKey> {
  const by = await ownCode();
  const place = cachePath('code-keys', `${sha256(`${root}\n${file}`).slice(0, 32)}.json`);
  const kept =
    place &&
    (await readFile(place, 'utf8').then(
      (text) => JSON.parse(text) as KeptKey,
      () => undefined,
    ));
  if (kept && kept.by === by && (await areAsTheyWere(kept.inputs))) return kept.key;
  const key = await computed(root, file, []);
  const paths = new Set([...key.inputs, lockfilePath(root)]);
  for (const input of key.inputs) {
    const found = packageOfFile(input);
    if (found !== undefined) paths.add(join(found.folder, 'package.json'));
  }
  const inputs = Object.fromEntries(
    await Promise.all([...paths].map(async (path) => [path, await hashOf(path)] as const)),
  );
  // Without a cache it is computed each time.
  if (place !== undefined) {
    await writeAtomically(place, canonicalJson({ by, inputs, key } satisfies KeptKey)).catch(() => undefined);
  }
  return key;
}

async function areAsTheyWere(inputs: Readonly<Record<string, string>>): Promise<boolean> {
  const same = await Promise.all(Object.entries(inputs).map(async ([path, hash]) => (await hashOf(path)) === hash));
  return !same.includes(false);
}

function hashOf(path: string): Promise<string> {
  let found = hashes.get(path);
  if (found === undefined) hashes.set(path, (found = contentHash(path)));
  return found;
}

let own: Promise<string> | undefined;

/** Hash of the files of this folder, whose changes may change every key. */
function ownCode(): Promise<string> {
  own ??= Promise.all(
    readdirSync(import.meta.dirname)
      .sort()
      .map((name) => contentHash(join(import.meta.dirname, name))),
  ).then((all) => sha256(all.join(' ')));
  return own;
}
