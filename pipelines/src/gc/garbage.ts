import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeased } from '@selfsup/kit/lease';
import type { Artifacts } from '../store/artifacts.ts';
import { blobPath, removeBlob, storedDigests, unfinishedCopies } from '../store/store.ts';
import { timeOfDisk } from '../store/time-of-disk.ts';
import { namedDigests } from './named-digests.ts';
import { removeUnfinished, unfinishedWork } from './unfinished-work.ts';

/** Something that nobody needs any more. */
export interface Garbage {
  readonly what: string;
  readonly path: string;
  readonly bytes: number;
  /** Since the last change anywhere in it. */
  readonly ageMilliseconds: number;
  /** False where it stays after all: it was taken up again meanwhile. */
  remove(): Promise<boolean>;
}

/** From what age on something may go, in milliseconds. */
export interface MinimalAges {
  /** A stage may be about to publish it. */
  readonly blobs: number;
  /** Somebody may want to go on with it. */
  readonly unfinishedWork: number;
}

/**
 * What may go: blobs that no manifest names, copies that were not finished, folders of dry runs that were killed, and
 * unfinished work; what is younger than `ages`, or in which a process is at work, is left out. Throws `UserError` as
 * `namedDigests` does.
 */
export async function findGarbage(artifacts: Artifacts, ages: MinimalAges): Promise<Garbage[]> {
  const { root, store } = artifacts;
  const found: Garbage[] = [];
  const now = await timeOfDisk(root);
  const add = async (item: Omit<Garbage, 'bytes' | 'ageMilliseconds'>, minAge: number, lease?: string) => {
    const { bytes, changed, leases } = await survey(item.path);
    if (lease !== undefined) leases.push(lease);
    const ageMilliseconds = now - changed;
    if (ageMilliseconds < minAge) return;
    for (const one of leases) if (await isLeased(one)) return;
    found.push({ ...item, bytes, ageMilliseconds });
  };
  const remove = (path: string): Promise<boolean> => rm(path, { recursive: true, force: true }).then(() => true);
  const named = namedDigests(artifacts);
  for (const digest of (await storedDigests(store)).filter((one) => !named.has(one))) {
    const path = blobPath(store, digest);
    const modified = (await lstat(path).catch(() => undefined))?.mtimeMs ?? 0;
    const item = { what: 'blob that no result names', path, remove: () => removeBlob(store, digest, modified) };
    await add(item, ages.blobs);
  }
  for (const path of await unfinishedCopies(store)) {
    await add({ what: 'copy that was not finished', path, remove: () => remove(path) }, ages.blobs);
  }
  const work = join(root, 'work');
  for (const name of (await readdir(work).catch(() => [])).filter((entry) => entry.startsWith('dry-run-'))) {
    const path = join(work, name);
    await add({ what: 'dry run that was killed', path, remove: () => remove(path) }, ages.blobs);
  }
  for (const { path, lease } of await unfinishedWork(work)) {
    const item = {
      what: 'piece of unfinished work',
      path,
      remove: () => removeUnfinished(path, lease).then(() => true),
    };
    await add(item, ages.unfinishedWork, lease);
  }
  return found;
}

interface Survey {
  bytes: number;
  changed: number;
  /** Leases in it, whether held or not. */
  leases: string[];
}

/** Size and last change of all that is at or below a path, links not followed, and the leases in it. */
async function survey(path: string): Promise<Survey> {
  const entry = await lstat(path).catch(() => undefined);
  // It went away meanwhile: as young as can be.
  if (entry === undefined) return { bytes: 0, changed: Infinity, leases: [] };
  const result: Survey = { bytes: entry.isDirectory() ? 0 : entry.size, changed: entry.ctimeMs, leases: [] };
  if (!entry.isDirectory()) return result;
  for (const name of await readdir(path).catch(() => [])) {
    const inner = await survey(join(path, name));
    result.bytes += inner.bytes;
    result.changed = Math.max(result.changed, inner.changed);
    result.leases.push(...inner.leases, ...(name === 'lease' ? [join(path, name)] : []));
  }
  return result;
}
