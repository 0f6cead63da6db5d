import { appendFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';

/** What LMDB makes has 8,272 bytes; a file that is shorter was left by a full disk, and no process uses it. */
const least = 8192;
/** More than LMDB needs for its 126 readers: it takes a longer file as it is. */
const zeros = new Uint8Array(2 * least);

/**
 * Makes an environment's file of locks where there is none: lmdb 3.5 crashes where it cannot. Nothing is made for reading on a disk
 * or in a folder that can only be read, where LMDB goes without. Throws `UserError` otherwise.
 */
export function makeLockFile(folder: string, readOnly: boolean): void {
  const path = join(folder, 'lock.mdb');
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size !== undefined && (readOnly || size >= least)) return;
  try {
    if (size === undefined) makeWhole(path);
    else appendFileSync(path, zeros);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (readOnly && (code === 'EROFS' || code === 'EACCES')) return;
    throw new UserError(`LMDB's file of locks cannot be made: ${message}`, {
      file: path,
      remedy: 'Make its folder writable and leave room on its disk.',
      cause,
    });
  }
}

/** None of part of it stays, and one that another process makes meanwhile is as good. */
function makeWhole(path: string): void {
  try {
    writeFileSync(path, zeros, { flag: 'wx' });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (syscall === 'write') rmSync(path, { force: true });
    throw error;
  }
}
