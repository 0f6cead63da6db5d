import { randomUUID } from 'node:crypto';
import { cp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { flush } from './flush.ts';

/**
 * Moves a file or folder to `to`, also onto another disk: then it is copied to a temporary name beside `to`, flushed,
 * renamed and only after that removed, so that under `to` nothing half-written is ever seen. As `rename` does, it
 * replaces a file or an empty folder. Throws what `rename` throws, `UserError` where the copy fails.
 */
export async function move(from: string, to: string): Promise<void> {
  try {
    return await rename(from, to);
  } catch (error) {
    if (!isOtherDisk(error)) throw error;
  }
  const temporary = join(dirname(to), `.${basename(to)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await cp(from, temporary, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    await flush(temporary);
    await rename(temporary, to);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (['ENOTEMPTY', 'EEXIST'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new UserError(`Cannot copy to another disk: ${(cause as Error).message}`, {
      file: to,
      remedy: 'Make room or make the folder writable, then run the same command again: it goes on from here.',
      cause,
    });
  }
  await rm(from, { recursive: true, force: true });
}

/** Whether an operation failed since its two places lie on different disks, mounts or layers of a container's image. */
export function isOtherDisk(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EXDEV';
}
