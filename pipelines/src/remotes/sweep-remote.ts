import { UserError } from '@selfsup/kit/errors';
import { contentPath, readRecord, recordPath, type ResultRecord } from './record.ts';
import type { Remote } from './remote.ts';
import { persist, type Trying } from './retry.ts';

/** Something in a remote that may go. */
export interface RemoteGarbage {
  readonly what: 'result that is old' | 'content that no result names';
  readonly path: string;
  readonly bytes: number;
  readonly ageMilliseconds: number;
}

/** From what age on something may go, in milliseconds. */
export interface RemoteAges {
  /** Content that no result names: somebody may be about to push its record. */
  readonly content: number;
  /** Results by when they were pushed; undefined where all of them stay. */
  readonly results?: number | undefined;
}

/**
 * What may go from a remote: results of some age with their names, and old content that no younger result names, the records
 * first. Throws `UserError` while a record cannot be read, since what it names is not known, and for remotes that cannot list
 * or only be read.
 */
export async function findRemoteGarbage(remote: Remote, ages: RemoteAges, trying: Trying): Promise<RemoteGarbage[]> {
  const { list } = remote;
  if (list === undefined || remote.remove === undefined) {
    throw new UserError(`The remote '${remote.name}' can only be read`, { file: remote.url, remedy: 'Name another.' });
  }
  const all = (folder: string) =>
    persist(remote, trying, async (signal) => {
      const found: { path: string; bytes: number; age: number }[] = [];
      for await (const { path, bytes, modified } of list(folder, signal)) {
        found.push({ path, bytes, age: Date.now() - modified.getTime() });
      }
      return found;
    });
  // Content first: what is pushed while this looks is younger than any of it.
  const content = await all('blobs/');
  const old: RemoteGarbage[] = [];
  const gone = new Set<string>();
  const named = new Set<string>();
  for (const { path, bytes, age } of await all('results/')) {
    const key = /([0-9a-f]{64})\.json$/.exec(path)?.[1];
    const record = key === undefined ? undefined : await known(remote, key, trying);
    if (ages.results !== undefined && age >= ages.results && key !== undefined) {
      old.push({ what: 'result that is old', path, bytes, ageMilliseconds: age });
      gone.add(key);
    } else for (const one of record === undefined ? [] : contentOf(record)) named.add(one);
  }
  for (const { path, bytes, age } of gone.size === 0 ? [] : await all('names/')) {
    if (!gone.has(path.split('/').at(-1)!.split('.')[0]!)) continue;
    old.push({ what: 'result that is old', path, bytes, ageMilliseconds: age });
  }
  const unnamed = content
    .filter(({ path, age }) => age >= ages.content && !named.has(path))
    .map(({ path, bytes, age }) => ({
      what: 'content that no result names' as const,
      path,
      bytes,
      ageMilliseconds: age,
    }));
  return [...old, ...unnamed];
}

/** Removes it, and uploads that nobody went on with since `ages.content`. */
export async function removeRemoteGarbage(
  remote: Remote,
  items: readonly RemoteGarbage[],
  ages: RemoteAges,
  trying: Trying,
): Promise<void> {
  for (const { path } of items) await persist(remote, trying, () => remote.remove!(path));
  await persist(remote, trying, async () => remote.sweep?.(ages.content));
}

/** Throws `UserError` where a record is there and cannot be read. */
async function known(remote: Remote, key: string, trying: Trying): Promise<ResultRecord | undefined> {
  try {
    return await readRecord(remote, key, [], trying);
  } catch (cause) {
    throw new UserError(`Nothing is removed, since what is in use cannot be known: ${(cause as Error).message}`, {
      file: `${remote.url}/${recordPath(key)}`,
      remedy: 'Remove that record or push it again; one of a newer version is for that version of gc.',
      cause,
    });
  }
}

function contentOf({ files, blobs }: ResultRecord): string[] {
  const parts = [files, ...Object.values(blobs)].flatMap((one) => Object.values(one));
  return parts.map(({ sha256 }) => contentPath(sha256));
}
