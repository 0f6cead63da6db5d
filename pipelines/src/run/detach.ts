import { constants } from 'node:fs';
import { copyFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';

const suffix = '.detached.tmp';

/**
 * Puts a copy in the place of each file in a folder: what a process has open that may still live is not what is written
 * from now on. A stopped one that holds a lock in a file, as LMDB's, would hold up the next for ever; one that goes on
 * would write into it. Killed at any moment, each file is there, whole. On disks that share blocks the copies take no
 * room. Throws `UserError` where the disk is full.
 */
export async function detach(folder: string): Promise<void> {
  // Sorted: a database comes before its lock file, which alone would let two write at once.
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await detach(path);
    else if (path.endsWith(suffix)) await rm(path, { force: true });
    else if (entry.isFile()) await replaceByCopy(path);
  }
}

async function replaceByCopy(path: string): Promise<void> {
  const copy = `${path}${suffix}`;
  try {
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    await rename(copy, path);
  } catch (cause) {
    await rm(copy, { force: true });
    throw new UserError(`The unfinished work cannot be copied: ${(cause as Error).message}`, {
      file: path,
      remedy:
        'Its process gives no sign of life, but may still have it open. Make room; or make sure that it is gone, and ' +
        'run the same command again, which then goes on without a copy.',
      cause,
    });
  }
}
