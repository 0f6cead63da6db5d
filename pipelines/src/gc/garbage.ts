import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeased } from '@selfsup/engine/lease';
import type { Artifacts } from '../artifacts.ts';
import { blobPath, removeBlob, storedDigests } from '../store.ts';
import { namedDigests } from './named-digests.ts';

/** Something that nobody needs any more. */
export interface Garbage {
  readonly what: string;
  readonly path: string;
  readonly bytes: number;
  /** Since the last change anywhere in it. */
  readonly ageMilliseconds: number;
  remove(): Promise<void>;
}

/**
 * What may go: blobs that no manifest names, and folders of dry runs that were killed; those that are younger than
 * `minAgeMilliseconds`, or in which a process is at work, are left out. Throws `UserError` as `namedDigests` does.
 */
export async function findGarbage(artifacts: Artifacts, minAgeMilliseconds: number): Promise<Garbage[]> {
  const { root, store } = artifacts;
  const found: Garbage[] = [];
  const add = async (what: string, path: string, remove: () => Promise<void>): Promise<void> => {
    const { bytes, changed, leased } = await survey(path);
    const ageMilliseconds = Date.now() - changed;
    if (!leased && ageMilliseconds >= minAgeMilliseconds) found.push({ what, path, bytes, ageMilliseconds, remove });
  };
  const named = namedDigests(artifacts);
  for (const digest of (await storedDigests(store)).filter((one) => !named.has(one))) {
    await add('blob that no result names', blobPath(store, digest), () => removeBlob(store, digest));
  }
  for (const name of await readdir(join(root, 'work')).catch(() => [])) {
    const path = join(root, 'work', name);
    if (!name.startsWith('dry-run-')) continue;
    await add('dry run that was killed', path, () => rm(path, { recursive: true, force: true }));
  }
  return found;
}

interface Survey {
  bytes: number;
  changed: number;
  leased: boolean;
}

/** Size and last change of all that is at or below a path, links not followed, and whether a lease in it is held. */
async function survey(path: string): Promise<Survey> {
  const entry = await lstat(path).catch(() => undefined);
  // It went away meanwhile: as young as can be.
  if (entry === undefined) return { bytes: 0, changed: Date.now(), leased: false };
  const result: Survey = { bytes: entry.isDirectory() ? 0 : entry.size, changed: entry.ctimeMs, leased: false };
  if (!entry.isDirectory()) return result;
  for (const name of await readdir(path).catch(() => [])) {
    const inner = await survey(join(path, name));
    result.bytes += inner.bytes;
    result.changed = Math.max(result.changed, inner.changed);
    result.leased ||= inner.leased || (name === 'lease' && (await isLeased(join(path, name))));
  }
  return result;
}
