import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Older than what gc spares in a remote, and than what a push takes to be safe there. */
const days = 2;

/**
 * A remote with the content of a whole one, but with none of its results, all of it old; and with more that nobody names,
 * whose paths are given: gc has to remove it.
 */
export function layOldContent(whole: string, remote: string): string[] {
  rmSync(remote, { recursive: true, force: true });
  cpSync(join(whole, 'blobs'), join(remote, 'blobs'), { recursive: true });
  const junk = Array.from({ length: 8 }, () => {
    const digest = randomBytes(32).toString('hex');
    mkdirSync(join(remote, 'blobs/sha256', digest.slice(0, 2)), { recursive: true });
    return join(remote, 'blobs/sha256', digest.slice(0, 2), digest);
  });
  for (const path of junk) writeFileSync(path, 'named by nobody');
  const then = Date.now() / 1000 - days * 24 * 3600;
  for (const name of readdirSync(join(remote, 'blobs'), { recursive: true, encoding: 'utf8' }))
    utimesSync(join(remote, 'blobs', name), then, then);
  return junk;
}

/** How many results a remote has. */
export function resultsIn(remote: string): number {
  const folder = join(remote, 'results');
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json')).length;
}
