// @no-effect-on-results
import { lstat, mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Brings a file, or a folder with all that is below it, to the disk, names included: it is there whole after a power cut
 * from which its own name in the folder above survives. Links are not followed. Throws what `fs` throws for a file.
 */
export async function flush(path: string): Promise<void> {
  const state = await lstat(path);
  if (state.isSymbolicLink()) return;
  if (state.isDirectory()) {
    for (const name of await readdir(path)) await flush(join(path, name));
    return flushNames(path);
  }
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Brings the names in a folder to the disk: what was renamed into it or removed from it. Where that cannot be asked for, as on
 * some network disks, it does nothing; throws what `fs` throws where the disk is full or broken.
 */
export async function flushNames(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (['EIO', 'ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Makes a folder with those above it, each of which is there after a power cut, and so are the names beside it where it was
 * there before. Throws what `fs` throws.
 */
export async function makeFolder(path: string): Promise<void> {
  const first = (await mkdir(path, { recursive: true })) ?? path;
  for (let made = path; made.length >= first.length; made = dirname(made)) await flushNames(dirname(made));
}
