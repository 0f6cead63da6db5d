import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { UserError } from '@selfsup/kit/errors';
import { makeLockFile } from './lock-file.ts';

/** Key of an image: its split and its place in the source's own order. */
export function imageKey(split: string, ordinal: number): string {
  return `image/${split}/${String(ordinal).padStart(8, '0')}`;
}

/** Split and place that an image key was made of. */
export function parseImageKey(key: string): { split: string; ordinal: number } {
  const [, split = '', ordinal = ''] = key.split('/');
  return { split, ordinal: Number(ordinal) };
}

/** The range that covers all keys that start with `prefix/`. A new object each time: lmdb writes into it. */
export function keysUnder(prefix: 'image' | 'quarantine'): { start: string; end: string } {
  return { start: `${prefix}/`, end: `${prefix}0` };
}

/** Keys of what describes a split: places of its images in the source's order, and their labels. */
export const ordinalsKey = (split: string): string => `ordinals/${split}`;
export const labelsKey = (split: string): string => `labels/${split}`;
/** Key of the sums over the pixels of a split, kept up with every commit. */
export const sumsKey = (split: string): string => `sums/${split}`;

/**
 * Opens an LMDB environment with binary values. Opened read-only it must exist (`UserError`); otherwise it is made.
 * Throws the system's error where the disk takes nothing.
 * One environment per path and process is LMDB's rule: lmdb-js shares it among threads.
 */
export function openLmdb(folder: string, readOnly: boolean): RootDatabase<Buffer, string> {
  if (readOnly && !existsSync(join(folder, 'data.mdb'))) {
    throw new UserError('The dataset has no data.mdb', { file: folder, remedy: 'Ingest the dataset again.' });
  }
  makeLockFile(folder, readOnly);
  return open<Buffer, string>(folder, { encoding: 'binary', readOnly, noSubdir: false, maxDbs: 1 });
}
