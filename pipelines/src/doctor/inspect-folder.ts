import { existsSync } from 'node:fs';
import { mkdtemp, rmdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isFolder } from '@selfsup/kit/folders';
import type { FolderState } from './facts.ts';

/** Room and right to write in a folder, or in the nearest one above it that exists. Leaves nothing behind. */
export async function inspectFolder(path: string): Promise<FolderState> {
  const exists = isFolder(path);
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const freeBytes = await statfs(existing).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  try {
    // Rights alone do not say it: the file system may be mounted for reading only, or the path be a file.
    await rmdir(await mkdtemp(join(existing, '.selfsup-doctor-')));
    return { path, exists, freeBytes, problem: undefined };
  } catch (error) {
    return { path, exists, freeBytes, problem: (error as Error).message };
  }
}
