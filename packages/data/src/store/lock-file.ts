import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** LMDB makes one of 8,272 bytes, and takes a longer one as it is. */
const least = 8192;

/**
 * Makes an environment's file of locks where there is none: lmdb 3.5 crashes where it cannot. On what can only be read LMDB goes
 * without. Throws the system's error otherwise.
 */
export function makeLockFile(folder: string, readOnly: boolean): void {
  const path = join(folder, 'lock.mdb');
  // One that another process uses is never shorter; a full disk leaves one that is.
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= least) return;
  try {
    appendFileSync(path, new Uint8Array(2 * least));
  } catch (error) {
    const isForbidden = ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code!);
    if (!(readOnly && isForbidden)) throw error;
  }
}
