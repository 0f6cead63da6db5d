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
import { readManifest, type Manifest } from '../store/manifest.ts';
import { putInPlace, sweepScratch } from '../store/publish.ts';
import { blobPath, isWhole, storeBlob } from '../store/store.ts';
import { elsewhere, forgetElsewhere, rememberElsewhere, type BlobFiles } from './elsewhere.ts';
import { fetchObject } from './fetch-object.ts';
import { contentPath, readRecord, RefusedRecord, type ResultRecord } from './record.ts';
import { NotThere, type Remote } from './remote.ts';
import { persist, Unreachable, type Trying } from './retry.ts';

/** What bringing needs of a session. */
export type Bringer = Pick<Session, 'remotes' | 'artifacts' | 'progress' | 'signal'>;

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
/** Remotes that did not answer, or have been told of, in this process. */
const given = new Set<string>();

/**
 * Puts the result of a key where its stage publishes, if a remote has it whole: manifest, metrics and small files; of the
 * blobs only where they are is remembered. What is refused and remotes that do not answer are told of and passed over.
 * Gives the name of the remote that had it.
 */
export async function bringResult(session: Bringer, key: string, to: Destination): Promise<string | undefined> {
  const { signal } = session;
  for (const { remote, signedBy } of session.remotes.all) {
    if (given.has(remote.name)) continue;
    try {
      const record = await readRecord(remote, key, signedBy, { signal });
      if (record === undefined) continue;
      if (to.exactly !== undefined && placeDifferences(record.places, to.exactly).length > 0) continue;
      if (!(await blobsAreThere(remote, record, to.store, { signal }))) continue;
      if (await put(session, remote, record, to)) return remote.name;
    } catch (error) {
      if (error instanceof NotThere) continue;
      if (!(error instanceof RefusedRecord || error instanceof Unreachable)) throw error;
      if (error instanceof Unreachable) given.add(remote.name);
      session.progress(to.label).warn(`${error.message} (${error.file}). It is done without.`);
    }
  }
  return undefined;
}

/** As `bringResult`, for the newest result of a label that will do. Remotes that cannot list are passed over. */
export async function bringNamed(session: Bringer, label: string, to: Destination): Promise<string | undefined> {
  const found: { key: string; modified: Date }[] = [];
  for (const { remote } of session.remotes.all) {
    if (given.has(remote.name)) continue;
    for await (const { path, modified } of remote.list?.(`names/${label}/`, session.signal) ?? []) {
      found.push({ key: path.split('/').at(-1)!.split('.')[0]!, modified });
    }
  }
  found.sort((a, b) => b.modified.getTime() - a.modified.getTime());
  for (const { key } of found) {
    const from = await bringResult(session, key, to);
    if (from !== undefined) return from;
  }
  return undefined;
}

async function blobsAreThere(remote: Remote, record: ResultRecord, store: string, trying: Trying): Promise<boolean> {
  for (const [digest, files] of Object.entries(record.blobs)) {
    if (await isWhole(store, digest)) continue;
    for (const { sha256: content, bytes } of Object.values(files)) {
      if ((await persist(remote, trying, (signal) => remote.size(contentPath(content), signal))) !== bytes)
        return false;
    }
  }
  return true;
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
    for (const [name, file] of Object.entries(record.files))
      await fetchObject(remote, file, join(fresh, name), { signal });
    assertFits(fresh, record, `${remote.url}: ${record.label}`);
    for (const [digest, files] of Object.entries(record.blobs)) {
      if (!(await isWhole(to.store, digest))) await rememberElsewhere(to.store, digest, files);
    }
    if (to.accept !== undefined && !(await to.accept(readManifest(fresh)!))) return false;
    await lease.confirm();
    await putInPlace(fresh, to.folder, to.workFolder);
    return true;
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await lease.release();
  }
}

/** Throws `RefusedRecord` unless manifest, metrics and files are those of one result. */
function assertFits(folder: string, record: ResultRecord, where: string): void {
  const manifest = readManifest(folder);
  const fits =
    manifest !== undefined &&
    manifest.key === record.key &&
    manifest.outputDigest === record.outputDigest &&
    Object.values(manifest.blobs).every((blob) => record.blobs[blob.sha256] !== undefined) &&
    Object.entries(manifest.files).every(([name, digest]) => record.files[name]?.sha256 === digest) &&
    record.files['metrics.json'] !== undefined;
  if (fits) return;
  throw new RefusedRecord('A result is refused: its manifest does not fit its files, or is of a newer Selfsup', {
    file: where,
    remedy: 'Remove it from the remote, and push it again from where it was computed.',
  });
}

/**
 * Fetches blobs that are not here whole into the store, from whichever remote has them. Gives those that none has. Throws
 * `Interrupted`, and `UserError` where the disk here does not do, or where none has it of those that answer and one does not.
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
  let failure: Unreachable | undefined;
  for (const { remote } of remotes.all) {
    const lease = await acquireLease(join(work, 'lease'), { signal, endProcess: true });
    try {
      // Another may have brought it meanwhile.
      if (await isWhole(store, digest)) return true;
      const parts = Object.values(files);
      const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
      const phase = session.progress(label).phase(`from ${remote.name}`, total, 'bytes');
      const onBytes = (bytes: number): void => phase.advance(bytes);
      const to = join(work, 'files', 'blob');
      for (const [name, file] of Object.entries(files)) {
        await fetchObject(remote, file, name === '' ? to : join(to, name), { signal, onBytes });
      }
      phase.done();
      await lease.confirm();
      await storeBlob(store, to, files[''] === undefined ? digest : undefined);
      if (!(await isWhole(store, digest))) throw new Error(`${blobPath(store, digest)} is not what was fetched`);
      await forgetElsewhere(store, digest);
      await rm(join(work, 'files'), { recursive: true, force: true });
      return true;
    } catch (error) {
      if (error instanceof Unreachable) failure = error;
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
