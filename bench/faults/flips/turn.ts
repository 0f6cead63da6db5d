import {
  chmodSync,
  closeSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { integer, type RandomKey } from '@selfsup/kit/random';
import type { Target } from './targets.ts';

/** A file with one bit of one byte turned. */
export interface Turned {
  readonly target: Target;
  readonly at: number;
  /** Puts the byte back. */
  putBack(): void;
}

/** What a flip leaves as it was: nothing, the times of the file, or of a blob all that Selfsup has noted of its look. */
export type Kept = 'nothing' | 'times' | 'look';

/**
 * Turns a drawn bit of a drawn byte in place. The time of the last change of the inode is the system's and cannot be set, so
 * with `look` it is what the store remembers of a blob that is made to fit: as if a disk had lost the byte by itself.
 */
export function turn(target: Target, key: RandomKey, kept: Kept): Turned {
  const { path } = target;
  const { size, atime, mtime } = statSync(path);
  const at = integer(key, size, 7);
  const change = (to: (byte: number) => number): void => {
    const { mode } = statSync(path);
    chmodSync(path, 0o644);
    const file = openSync(path, 'r+');
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    writeSync(file, Buffer.from([to(byte[0]!)]), 0, 1, at);
    closeSync(file);
    chmodSync(path, mode);
  };
  const mask = 1 << integer(key, 8, 8);
  change((byte) => byte ^ mask);
  if (kept !== 'nothing') utimesSync(path, atime, mtime);
  if (kept === 'look') forgeLook(target);
  return {
    target,
    at,
    putBack() {
      change((byte) => byte ^ mask);
      utimesSync(path, atime, mtime);
    },
  };
}

/** Makes what a store remembers of the look of a blob's file fit the file as it is now. */
function forgeLook({ path, blob }: Target): void {
  if (blob === undefined) return;
  const seen = join(blob.store, 'verified', blob.digest.slice(0, 2), `${blob.digest}.json`);
  const looks = JSON.parse(readFileSync(seen, 'utf8')) as Record<string, object>;
  const { size, mtimeMs, ctimeMs, ino } = statSync(path);
  const name = relative(blob.path, path);
  looks[name] = { ...looks[name], size, modified: mtimeMs, changed: ctimeMs, inode: ino };
  writeFileSync(seen, JSON.stringify(looks));
}
