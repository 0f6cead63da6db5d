import { UserError } from '@selfsup/kit/errors';
import { Interrupted } from '@selfsup/kit/stage';
import { keyIn, listed } from './listing.ts';
import { contentPath, readRecord, recordPath, type ResultRecord } from './record.ts';
import { bytesOf, timeOf, type Listed, type Remote } from './remote.ts';
import { withRetries, type Trying } from './retry.ts';
import { severalAtOnce } from './several-at-once.ts';

/** Something in a remote that may go. */
export interface RemoteGarbage {
  readonly what: 'result that is old' | 'name of no result' | 'content that no result names';
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

/** How many questions are open at once. */
const atOnce = 16;

/**
 * What may go from a remote: results of some age that no younger one needs, with their names, and old content that no other
 * result names. Throws `UserError` while a record, or the manifest of one that stays, cannot be read, since what it refers
 * to is not known, and for remotes that cannot list or only be read.
 */
export async function findRemoteGarbage(remote: Remote, ages: RemoteAges, trying: Trying): Promise<RemoteGarbage[]> {
  if (remote.list === undefined || remote.remove === undefined) {
    throw new UserError(`The remote '${remote.name}' can only be read`, { file: remote.url, remedy: 'Name another.' });
  }
  const all = async (folder: string): Promise<Listed[]> => (await listed(remote, folder, trying)) ?? [];
  // Content first: what is pushed while this looks is younger than any of it.
  const content = await all('blobs/');
  const files = (await all('results/')).filter(({ path }) => isRecord(path));
  const names = await all('names/');
  const now = await timeOf(remote);
  const ageOf = ({ modified }: Listed): number => now - modified.getTime();
  const records = await readRecords(remote, files, trying);
  const old = new Set(files.filter((one) => ageOf(one) >= (ages.results ?? Infinity)).map(({ path }) => path));
  if (old.size > 0) await spareNeeded(remote, records, old, trying);
  const staying = [...records].filter(([path]) => !old.has(path)).map(([, record]) => record);
  const keys = new Set(staying.map(({ key }) => key));
  const gone = new Set([...old].map(keyIn));
  const named = new Set(staying.flatMap(contentOf));
  const take = (what: RemoteGarbage['what'], from: readonly Listed[], goes: (one: Listed) => boolean) =>
    from
      .filter(goes)
      .map((one): RemoteGarbage => ({ what, path: one.path, bytes: one.bytes, ageMilliseconds: ageOf(one) }));
  return [
    ...take('result that is old', files, ({ path }) => old.has(path)),
    ...take('result that is old', names, ({ path }) => gone.has(keyIn(path))),
    ...take('name of no result', names, (one) => {
      const key = keyIn(one.path);
      return key !== undefined && !keys.has(key) && !gone.has(key) && ageOf(one) >= ages.content;
    }),
    ...take('content that no result names', content, (one) => ageOf(one) >= ages.content && !named.has(one.path)),
  ];
}

/**
 * Removes it, records first: whoever reads meanwhile finds no result, rather than one without its content. Content goes a few
 * objects at a time, each time after a look at the records that have come: a push may name what was old, and looks once
 * more whether it is there when its record is. Removes uploads too that nobody went on with since `ages.content`. Gives what it removed.
 */
export async function removeRemoteGarbage(
  remote: Remote,
  items: readonly RemoteGarbage[],
  ages: RemoteAges,
  trying: Trying,
): Promise<RemoteGarbage[]> {
  const removed: RemoteGarbage[] = [];
  const remove = (some: readonly RemoteGarbage[]): Promise<void> =>
    severalAtOnce(some, atOnce, async (item) => {
      await withRetries(remote, trying, () => remote.remove!(item.path));
      removed.push(item);
    });
  const isContent = ({ path }: RemoteGarbage): boolean => path.startsWith('blobs/');
  for (const folder of ['results/', 'names/']) await remove(items.filter(({ path }) => path.startsWith(folder)));
  const content = items.filter(isContent);
  const known = new Map<string, ResultRecord>();
  const named = new Set<string>();
  for (let i = 0; i < content.length; i += atOnce) {
    const files = ((await listed(remote, 'results/', trying)) ?? []).filter(({ path }) => isRecord(path));
    const fresh = await readRecords(
      remote,
      files.filter(({ path }) => !known.has(path)),
      trying,
    );
    for (const [path, record] of fresh) {
      known.set(path, record);
      for (const one of contentOf(record)) named.add(one);
    }
    await remove(content.slice(i, i + atOnce).filter(({ path }) => !named.has(path)));
  }
  await withRetries(remote, trying, async () => remote.sweep?.(ages.content));
  return removed;
}

const isRecord = (path: string): boolean => !path.split('/').at(-1)!.startsWith('.');

/** Records by path, without those that another has removed meanwhile. Throws `UserError` where one cannot be read. */
async function readRecords(
  remote: Remote,
  files: readonly Listed[],
  trying: Trying,
): Promise<Map<string, ResultRecord>> {
  const records = new Map<string, ResultRecord>();
  await severalAtOnce(files, atOnce, async ({ path }) => {
    const record = await readKnown(remote, path, trying);
    if (record !== undefined) records.set(path, record);
  });
  return records;
}

/** The record at a path; undefined where another has removed it meanwhile. Throws `UserError` where it cannot be read. */
async function readKnown(remote: Remote, path: string, trying: Trying): Promise<ResultRecord | undefined> {
  const key = keyIn(path);
  try {
    if (key === undefined || recordPath(key) !== path) throw new Error('this is no name of a record');
    return await readRecord(remote, key, [], trying);
  } catch (cause) {
    throw unknown(remote, path, cause as Error);
  }
}

/** Takes from `old` the results that those which stay need, whole chains of them: without its encoder a probe would be trained again. */
async function spareNeeded(
  remote: Remote,
  records: ReadonlyMap<string, ResultRecord>,
  old: Set<string>,
  trying: Trying,
): Promise<void> {
  const byOutput = new Map<string, string[]>();
  for (const path of old) {
    const output = records.get(path)?.outputDigest ?? '';
    byOutput.set(output, [...(byOutput.get(output) ?? []), path]);
  }
  for (let added = [...records.keys()].filter((path) => !old.has(path)); added.length > 0;) {
    const needed = new Set<string>();
    await severalAtOnce(added, atOnce, async (path) => {
      for (const digest of await needsOf(remote, path, records.get(path)!, trying)) needed.add(digest);
    });
    added = [...needed].flatMap((digest) => byOutput.get(digest) ?? []).filter((path) => old.delete(path));
  }
}

/** Digests of what a result was computed from, as its manifest says. */
async function needsOf(remote: Remote, path: string, { files }: ResultRecord, trying: Trying): Promise<string[]> {
  try {
    const manifest = contentPath(files['manifest.json']?.sha256 ?? '');
    const text = await withRetries(remote, trying, async (signal) =>
      (await bytesOf(await remote.read(manifest, 0, signal))).toString(),
    );
    const { needs } = (JSON.parse(text) as { keyParts: { needs: Record<string, string> } }).keyParts;
    return Object.values(needs);
  } catch (cause) {
    throw unknown(remote, path, cause as Error);
  }
}

function unknown(remote: Remote, path: string, cause: Error): Error {
  if (cause instanceof Interrupted) return cause;
  return new UserError(`Nothing is removed, since what is in use cannot be known: ${cause.message}`, {
    file: `${remote.url}/${path}`,
    remedy: 'Remove that record or push it again; one of a newer version is for that version of gc.',
    cause,
  });
}

function contentOf({ files, blobs }: ResultRecord): string[] {
  const parts = [files, ...Object.values(blobs)].flatMap((one) => Object.values(one));
  return parts.map(({ sha256 }) => contentPath(sha256));
}
