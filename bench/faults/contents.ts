import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const lmdbDigest = fileURLToPath(new URL('lmdb-digest.mjs', import.meta.url));
const known = new Map<string, string>();
const unreadable = 'unreadable';

export function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/**
 * A digest of what a blob holds, be it a file or a folder. Of a database the records count: its pages differ from run to run.
 * Undefined where it cannot be read.
 */
export function contentsOf(blob: string): string | undefined {
  if (!existsSync(blob)) return undefined;
  if (statSync(blob).isFile()) return digestOf(blob);
  const names = readdirSync(blob, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.endsWith('lock.mdb') && statSync(join(blob, name)).isFile())
    .sort();
  const parts = names.map((name) => {
    const file = join(blob, name);
    return `${name} ${name.endsWith('.mdb') ? recordsOf(file) : digestOf(file)}`;
  });
  if (parts.length === 0 || parts.some((part) => part.endsWith(` ${unreadable}`))) return undefined;
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

/** A digest of a database's records. */
function recordsOf(file: string): string {
  return onceOf(
    file,
    () => spawnSync(process.execPath, [lmdbDigest, file], { encoding: 'utf8' }).stdout.trim() || unreadable,
  );
}

/** What was found out of a file, which is not asked again as long as the file is as it was; that nothing was, is. */
export function onceOf(file: string, find: (file: string) => string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  const key = [file, ino, size, mtimeNs, ctimeNs].join(' ');
  const found = known.get(key) ?? find(file);
  if (found !== unreadable) known.set(key, found);
  return found;
}
