import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { acquireLease } from '@selfsup/kit/lease';
import { Interrupted } from '@selfsup/kit/stage';
import { remotesOf } from '../declare/workspace-settings.ts';
import type { Workspace } from '../declare/workspace.ts';
import { placeDifferences, type Place } from '../keys/place.ts';
import { labelledProgress } from '../run/labelled-progress.ts';
import type { Session } from '../run/session.ts';
import { openArtifacts } from '../store/artifacts.ts';
import { isOfOutput, readManifest, type Manifest } from '../store/manifest.ts';
import { putInPlace, sweepScratch } from '../store/publish.ts';
import { folderDigest, isWhole, isWholeAndSpared, storeBlob, type BlobRef } from '../store/store.ts';
import { damageIn } from '../store/sums.ts';
import { elsewhere, forgetElsewhere, rememberElsewhere, type BlobFiles } from './elsewhere.ts';
import { fetchObject } from './fetch-object.ts';
import { keyIn, listed } from './listing.ts';
import { contentPath, pushAgain, readRecord, RefusedResult, type ResultRecord } from './record.ts';
import { NotThere, worthShowing, type Listed, type Remote } from './remote.ts';
import { Unreachable, withRetries, type Trying } from './retry.ts';
import { severalAtOnce } from './several-at-once.ts';

/** What bringing needs of a session. */
export type Bringer = Pick<Session, 'remotes' | 'artifacts' | 'progress' | 'signal'> & Trying;

/** For commands that run no stage. Throws `UserError` as `remotesOf` does. */
export function bringerOf(workspace: Workspace): Bringer {
  const { signal } = new AbortController();
  return { remotes: remotesOf(workspace), artifacts: openArtifacts(workspace), progress: labelledProgress, signal };
}

/** Where a result is to stand. */
export interface Destination {
  readonly label: string;
  readonly folder: string;
  readonly workFolder: string;
  readonly store: string;
  /** Only a result of a place like this one will do. */
  readonly exactly?: Place | undefined;
  /** Whether a result will do, by its manifest. */
  readonly accept?: (manifest: Manifest) => Promise<boolean>;
}

/** Milliseconds to wait for whoever is at the same stage: whoever computes it needs nothing from elsewhere. */
const leaseWait = 2000;
/** How many small files are fetched at once. */
const atOnce = 8;
/** Remotes that did not answer: in this process they are asked no more. */
const silent = new Set<string>();

/** Names of the remotes that did not answer so far. */
export function silentRemotes(): readonly string[] {
  return [...silent];
}

/**
 * Puts the result of a key where its stage publishes, if a remote has it whole: manifest, metrics and small files; of the
 * blobs only where they are is remembered. What is refused and remotes that do not answer are told of and passed over.
 * Gives the name of the remote that had it.
 */
export async function bringResult(session: Bringer, key: string, to: Destination): Promise<string | undefined> {
  for (const { remote, signedBy } of session.remotes.all) {
    const has = await unlessSilent(session, remote, to.label, async () => {
      const record = await readRecord(remote, key, signedBy, session);
      if (record === undefined) return false;
      if (to.exactly !== undefined && placeDifferences(record.places, to.exactly).length > 0) return false;
      await assertBlobsThere(remote, record, to.store, session);
      return put(session, remote, record, to);
    });
    if (has === true) return remote.name;
  }
  return undefined;
}

/** Name of the first remote that has a record of the result of a key. Tells as `bringResult` does. */
export async function whoHas(session: Bringer, key: string, label: string): Promise<string | undefined> {
  for (const { remote, signedBy } of session.remotes.all) {
    const record = await unlessSilent(session, remote, label, () => readRecord(remote, key, signedBy, session));
    if (record !== undefined) return remote.name;
  }
  return undefined;
}

/** As `bringResult`, for the newest result of a label that will do. Remotes that cannot list are passed over. */
export async function bringNamed(session: Bringer, label: string, to: Destination): Promise<string | undefined> {
  const found: Listed[] = [];
  for (const { remote } of session.remotes.all) {
    const names = await unlessSilent(session, remote, to.label, () => listed(remote, `names/${label}/`, session));
    found.push(...(names ?? []));
  }
  found.sort((a, b) => b.modified.getTime() - a.modified.getTime());
  for (const key of new Set(found.flatMap(({ path }) => keyIn(path) ?? []))) {
    const from = await bringResult(session, key, to);
    if (from !== undefined) return from;
  }
  return undefined;
}

/**
 * Asks a remote for something that can be done without: what is refused, and a remote that does not answer, is told of and
 * passed over.
 */
async function unlessSilent<Answer>(
  session: Bringer,
  remote: Remote,
  label: string,
  ask: () => Promise<Answer>,
): Promise<Answer | undefined> {
  if (silent.has(remote.name)) return undefined;
  try {
    return await ask();
  } catch (error) {
    const refused = error instanceof NotThere ? incomplete(remote, error.message) : error;
    if (!(refused instanceof RefusedResult || refused instanceof Unreachable)) throw error;
    if (refused instanceof Unreachable) silent.add(remote.name);
    session.progress(label).warn(`${refused.message} (${refused.file}). It is done without.`);
    return undefined;
  }
}

/** Throws `RefusedResult` where content of its blobs is neither here nor in the remote. */
async function assertBlobsThere(remote: Remote, record: ResultRecord, store: string, trying: Trying): Promise<void> {
  for (const [digest, files] of Object.entries(record.blobs)) {
    if (await isWhole(store, digest)) continue;
    await severalAtOnce(Object.values(files), atOnce, async ({ sha256: content, bytes }) => {
      const found = await withRetries(remote, trying, (signal) => remote.size(contentPath(content), signal));
      if (found !== bytes)
        throw incomplete(remote, `${contentPath(content)} is ${found === undefined ? 'gone' : 'cut'}`);
    });
  }
}

function incomplete(remote: Remote, why: string): RefusedResult {
  return new RefusedResult(`A result is refused, since not all of it is in '${remote.name}': ${why}`, {
    file: remote.url,
    remedy: pushAgain,
  });
}

async function put(session: Bringer, remote: Remote, record: ResultRecord, to: Destination): Promise<boolean> {
  const { signal } = session;
  const waiting = AbortSignal.any([signal, AbortSignal.timeout(leaseWait)]);
  const lease = await acquireLease(join(to.workFolder, 'lease'), { signal: waiting }).catch((error: Error) => {
    if (error instanceof Interrupted && !signal.aborted) return undefined;
    throw error;
  });
  if (lease === undefined) return false;
  const fresh = join(to.workFolder, `publish-${randomUUID().slice(0, 8)}`);
  try {
    await sweepScratch(to.workFolder, to.folder);
    await mkdir(fresh, { recursive: true });
    await severalAtOnce(Object.entries(record.files), atOnce, ([name, file]) =>
      fetchObject(remote, file, join(fresh, name), session),
    );
    assertFits(fresh, record, `${remote.url}: ${record.label}`);
    if (to.accept !== undefined && !(await to.accept(readManifest(fresh)!))) return false;
    for (const [digest, files] of Object.entries(record.blobs)) {
      if (!(await isWholeAndSpared(to.store, digest))) await rememberElsewhere(to.store, digest, files);
    }
    await lease.confirm();
    await putInPlace(fresh, to.folder, to.workFolder);
    return true;
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await lease.release();
  }
}

/** Throws `RefusedResult` unless manifest, metrics, files and blobs are those of one result. */
function assertFits(folder: string, record: ResultRecord, where: string): void {
  const manifest = readManifest(folder);
  const fits =
    manifest !== undefined &&
    manifest.key === record.key &&
    manifest.outputDigest === record.outputDigest &&
    isOfOutput(manifest, folder) &&
    damageIn(folder) === undefined &&
    Object.values(manifest.blobs).every((blob) => isOfBlob(record.blobs[blob.sha256], blob)) &&
    Object.entries(manifest.files).every(([name, digest]) => record.files[name]?.sha256 === digest);
  if (fits) return;
  throw new RefusedResult('A result is refused: its manifest does not fit its files, or is of a newer Selfsup', {
    file: where,
    remedy: pushAgain,
  });
}

/** Whether files make up a blob. What names a dataset is a digest of its records, not of its pages: those are the signer's word. */
function isOfBlob(files: BlobFiles | undefined, { sha256: digest, bytes }: BlobRef): boolean {
  if (files === undefined) return false;
  const single = files[''];
  if (single !== undefined) return single.sha256 === digest && Object.keys(files).length === 1;
  return bytes === undefined || folderDigest(files) === digest;
}

/**
 * Fetches blobs that are not here whole into the store, from whichever remote has them. Gives those that none has. Throws
 * `Interrupted`, and `UserError` where the disk here does not do, or where one of the remotes does not answer or has it wrong
 * and none has it right.
 */
export async function bringBlobs(
  session: Bringer,
  store: string,
  digests: readonly string[],
  label: string,
): Promise<string[]> {
  const missing: string[] = [];
  for (const digest of digests) {
    if (await isWhole(store, digest)) continue;
    const files = elsewhere(store, digest);
    if (files === undefined || !(await bringBlob(session, store, digest, files, label))) missing.push(digest);
  }
  return missing;
}

async function bringBlob(session: Bringer, store: string, digest: string, files: BlobFiles, label: string) {
  const { signal, artifacts, remotes } = session;
  const work = join(artifacts.root, 'work', '.arriving', digest);
  let failure: UserError | undefined;
  for (const { remote } of remotes.all) {
    const lease = await acquireLease(join(work, 'lease'), { signal, endProcess: true });
    try {
      // Another may have brought it meanwhile.
      if (await isWhole(store, digest)) return true;
      const parts = Object.values(files);
      const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
      const isShown = total >= worthShowing;
      const phase = isShown ? session.progress(label).phase(`from ${remote.name}`, total, 'bytes') : undefined;
      const onBytes = (bytes: number): void => phase?.advance(bytes);
      const to = join(work, 'files', 'blob');
      for (const [name, file] of Object.entries(files)) {
        await fetchObject(remote, file, name === '' ? to : join(to, name), { ...session, onBytes });
      }
      phase?.done();
      await lease.confirm();
      await storeBlob(store, to, files[''] === undefined ? digest : undefined);
      await forgetElsewhere(store, digest);
      await rm(join(work, 'files'), { recursive: true, force: true });
      return true;
    } catch (error) {
      if (error instanceof Unreachable || error instanceof RefusedResult) failure = error;
      else if (!(error instanceof NotThere)) throw error;
    } finally {
      await lease.release();
    }
  }
  // It may well be there: hours of work are not begun since a line is down.
  if (failure !== undefined) throw failure;
  return false;
}

/** Says that blobs which something needs lie in a remote that is not to be asked, or that has them no more. */
export function blobsMissing(where: string, digests: readonly string[]): UserError {
  return new UserError(`What is needed of this result is not on this machine: ${digests.join(', ')}`, {
    file: where,
    remedy: 'Leave out --offline, or run selfsup pull --blobs for its experiment while there is a connection.',
  });
}
