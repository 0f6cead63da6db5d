import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative, sep } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { sha256File } from '@selfsup/kit/files';
import { placesApart } from '../keys/place.ts';
import type { Session } from '../run/session.ts';
import { readManifest, readRun, type Manifest } from '../store/manifest.ts';
import { blobFiles, blobPath, filesBelow } from '../store/store.ts';
import type { PublishedResult } from './published-results.ts';
import { contentPath, publicText, readRecord, recordPath, sealed, type FileRef, type ResultRecord } from './record.ts';
import type { OpenRemote } from './remote-settings.ts';
import { fileContent, textContent, type Content, type Remote } from './remote.ts';
import { persist } from './retry.ts';

/** What a push did: nothing where the same result was there. */
export type Pushed = 'pushed' | 'there';

/** Two machines got different bits for one key; the remote keeps what it has. */
class DifferentBits extends UserError {}

/** What a remote has, by path; of one that cannot tell at once, or was not asked, undefined. */
export type Known = ReadonlySet<string> | undefined;

/**
 * Brings a published result to a remote: what its blobs and small files hold, then its record, so that nobody sees it
 * before it is whole. What is there is not sent again. Throws `DifferentBits` where the remote has another result of this
 * key, `UserError` where something of it is not here or the remote does not do, `Interrupted` on abort.
 */
export async function pushResult(
  session: Pick<Session, 'remotes' | 'progress' | 'signal'>,
  { remote, signedBy }: OpenRemote,
  result: PublishedResult,
  known?: Known,
): Promise<Pushed> {
  const { signal } = session;
  const manifest = readManifest(result.folder);
  if (manifest === undefined) throw lacking(result, 'its manifest cannot be read');
  const theirs = await readRecord(remote, manifest.key, signedBy, { signal });
  if (theirs !== undefined && theirs.outputDigest !== manifest.outputDigest)
    throw different(result, manifest, theirs, remote);
  const { signWith } = session.remotes;
  const isOurs = signWith !== undefined && signedBy.some((one) => publicText(one) === publicText(signWith));
  if (theirs === undefined && signedBy.length > 0 && !isOurs) {
    throw new UserError(`'${remote.name}' takes signed results only, and this machine has none of the keys that sign`, {
      field: 'SELFSUP_SIGNING_KEY',
      remedy: 'Set it to the file of a private key whose public one stands under signedBy.',
    });
  }
  const sources = new Map<string, Content>();
  const blobs: Record<string, Record<string, FileRef>> = {};
  for (const { sha256: digest } of Object.values(manifest.blobs)) {
    const parts = (await blobFiles(result.store, digest)) ?? theirs?.blobs[digest];
    if (parts === undefined) throw lacking(result, `the blob ${digest} is not on this machine`);
    blobs[digest] = parts;
    for (const [name, { sha256, bytes }] of Object.entries(parts)) {
      sources.set(contentPath(sha256), fileContent(join(blobPath(result.store, digest), name), bytes, sha256));
    }
  }
  if (theirs !== undefined) {
    // Small files hold when and where it was computed: of the same bits, those of who came first stay.
    // A dataset may lie in other pages there, which stay too.
    const wanted = of(sources, Object.values(theirs.blobs).flatMap(Object.values));
    await send(session, remote, result.label, wanted, known);
    await writeName(remote, result.label, manifest, signal);
    return 'there';
  }
  const files = await smallFiles(result.folder);
  for (const [name, { sha256, bytes }] of Object.entries(files)) {
    sources.set(contentPath(sha256), fileContent(join(result.folder, name), bytes, sha256));
  }
  await send(session, remote, result.label, sources, known);
  const run = readRun(result.folder);
  const record: ResultRecord = {
    schema: 1,
    key: manifest.key,
    outputDigest: manifest.outputDigest,
    label: result.label,
    computed: { host: run?.host ?? hostname(), finished: run?.finished ?? '' },
    places: [...manifest.places],
    files,
    blobs,
  };
  const text = textContent(sealed(record, signWith));
  const path = recordPath(manifest.key);
  const written = await persist(remote, { signal }, (stop) => writerOf(remote)(path, text, { signal: stop }));
  // Another may have been first by a moment, on a server that knows no conditions too.
  const there = await readRecord(remote, manifest.key, signedBy, { signal });
  if (there !== undefined && there.outputDigest !== manifest.outputDigest)
    throw different(result, manifest, there, remote);
  await writeName(remote, result.label, manifest, signal);
  return written === 'written' ? 'pushed' : 'there';
}

/** The empty object by which a listing tells a result, its key and the beginning of what came out. */
export function namePath(label: string, { key, outputDigest }: Pick<Manifest, 'key' | 'outputDigest'>): string {
  return `names/${label}/${key}.${outputDigest.slice(0, 16)}`;
}

async function writeName(remote: Remote, label: string, manifest: Manifest, signal?: AbortSignal): Promise<void> {
  const path = namePath(label, manifest);
  await persist(remote, { signal }, (stop) => writerOf(remote)(path, textContent(''), { signal: stop }));
}

async function send(
  { progress, signal }: Pick<Session, 'progress' | 'signal'>,
  remote: Remote,
  label: string,
  sources: ReadonlyMap<string, Content>,
  known: Known,
): Promise<void> {
  const missing = [...sources].filter(([path]) => known?.has(path) !== true);
  const total = missing.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const phase = total < worthShowing ? undefined : progress(label).phase(`to ${remote.name}`, total, 'bytes');
  for (const [path, content] of missing) {
    let reached = 0;
    let tried = 0;
    let before = 0;
    await persist(
      remote,
      { signal },
      (stop) => {
        tried = 0;
        const onBytes = (bytes: number): void => {
          tried += bytes;
          if (tried > reached) phase?.advance(tried - reached);
          reached = Math.max(reached, tried);
        };
        return writerOf(remote)(path, content, { signal: stop, onBytes });
      },
      () => {
        const more = reached > before;
        before = reached;
        return more;
      },
    );
  }
  phase?.done();
}

const worthShowing = 10e6;

function of(sources: ReadonlyMap<string, Content>, files: readonly FileRef[]): Map<string, Content> {
  const paths = new Set(files.map(({ sha256 }) => contentPath(sha256)));
  return new Map([...sources].filter(([path]) => paths.has(path)));
}

function writerOf(remote: Remote): NonNullable<Remote['write']> {
  if (remote.write !== undefined) return remote.write;
  throw new UserError(`The remote '${remote.name}' can only be read`, {
    file: remote.url,
    remedy: 'Push to a folder or to S3.',
  });
}

async function smallFiles(folder: string): Promise<Record<string, FileRef>> {
  const files: Record<string, FileRef> = {};
  for (const path of await filesBelow(folder)) {
    const name = relative(folder, path).split(sep).join('/');
    files[name] = { sha256: await sha256File(path), bytes: (await stat(path)).size };
  }
  return files;
}

function lacking({ label, folder }: PublishedResult, why: string): UserError {
  return new UserError(`${label} cannot be pushed: ${why}`, {
    file: folder,
    remedy: 'Fetch it with selfsup pull --blobs, or run its stage again.',
  });
}

function different(result: PublishedResult, ours: Manifest, theirs: ResultRecord, remote: Remote): DifferentBits {
  const here = readRun(result.folder);
  const parts = [
    ...Object.entries(ours.blobs).filter(([, { sha256 }]) => theirs.blobs[sha256] === undefined),
    ...Object.entries(ours.files).filter(([name, digest]) => theirs.files[name]?.sha256 !== digest),
  ].map(([name]) => name);
  const apart = placesApart([...ours.places, ...theirs.places]);
  return new DifferentBits(
    [
      `${result.label}: two machines got different bits for the same key; the remote '${remote.name}' keeps what it has`,
      `  here:  ${ours.outputDigest.slice(0, 16)}, computed on ${here?.host ?? 'unknown'} ${here?.finished ?? ''}`,
      `  there: ${theirs.outputDigest.slice(0, 16)}, computed on ${theirs.computed.host} ${theirs.computed.finished}`,
      `  what differs: ${parts.join(', ') || 'metrics only'}`,
      `  places: ${apart.join('; ') || 'alike'}`,
    ].join('\n'),
    {
      file: `${remote.url}/${recordPath(ours.key)}`,
      remedy: `To take theirs, remove the folder here and run selfsup pull; to share yours, remove that file first.`,
    },
  );
}
