import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative, sep } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { sha256File } from '@selfsup/kit/files';
import { placesApart } from '../keys/place.ts';
import type { Session } from '../run/session.ts';
import { isOfOutput, readManifest, readRun, type Manifest } from '../store/manifest.ts';
import type { PublishedResult } from '../store/published-results.ts';
import { blobFiles, blobPath, filesBelow } from '../store/store.ts';
import { damageIn } from '../store/sums.ts';
import { contentPath, publicText, readRecord, recordPath, sealed, type FileRef, type ResultRecord } from './record.ts';
import type { OpenRemote } from './remote-settings.ts';
import { fileContent, textContent, worthShowing, type Content, type Remote } from './remote.ts';
import { withRetries, type Trying } from './retry.ts';

/** What a push did: nothing where the same result was there. */
export type Pushed = 'pushed' | 'there';

/** Two machines got different bits for one key; the remote keeps what it has. */
class DifferentBits extends UserError {}

/** What pushing needs of a session. */
type Pusher = Pick<Session, 'remotes' | 'progress' | 'signal'> & Trying;

/** Whether a remote has an object for certain; of one that was not asked nothing is known. */
export type Known = (path: string) => boolean;

const nothingKnown: Known = () => false;

/**
 * Brings a published result to a remote: what its blobs and small files hold, then its record, so that nobody sees it
 * before it is whole. What is there is not sent again. Throws `DifferentBits` where the remote has another result of this
 * key, `UserError` where something of it is not here or the remote does not do, `Interrupted` on abort.
 */
export async function pushResult(
  session: Pusher,
  { remote, signedBy }: OpenRemote,
  result: PublishedResult,
  known = nothingKnown,
): Promise<Pushed> {
  const damage = damageIn(result.folder);
  if (damage !== undefined) throw lacking(result, damage);
  const manifest = readManifest(result.folder);
  if (manifest === undefined) throw lacking(result, 'its manifest cannot be read');
  const theirs = await readRecord(remote, manifest.key, signedBy, session);
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
  const add = (file: string, { sha256: digest, bytes }: FileRef): void => {
    sources.set(contentPath(digest), fileContent(file, bytes, digest));
  };
  const blobs: Record<string, Record<string, FileRef>> = {};
  for (const { sha256: digest } of Object.values(manifest.blobs)) {
    const parts = await blobFiles(result.store, digest);
    if (parts === undefined && theirs === undefined) throw lacking(result, `the blob ${digest} is not on this machine`);
    blobs[digest] = parts ?? theirs!.blobs[digest] ?? {};
    for (const [name, ref] of Object.entries(parts ?? {})) add(join(blobPath(result.store, digest), name), ref);
  }
  const files = await smallFiles(result.folder);
  for (const [name, ref] of Object.entries(files)) add(join(result.folder, name), ref);
  const destination = { remote, label: result.label, known };
  if (theirs !== undefined) {
    // Of the same bits those of who came first stay, with when and where; a dataset's pages too, which are others each time.
    const named = [theirs.files, ...Object.values(theirs.blobs)].flatMap((one) => Object.values(one));
    const paths = new Set(named.map(({ sha256 }) => contentPath(sha256)));
    await send(session, destination, new Map([...sources].filter(([path]) => paths.has(path))));
    await writeName(remote, result.label, manifest, session);
    return 'there';
  }
  const isUnaltered = Object.entries(manifest.files).every(([name, digest]) => files[name]?.sha256 === digest);
  if (!isUnaltered || !isOfOutput(manifest, result.folder))
    throw lacking(result, 'its files are not those of its manifest');
  const found = await send(session, destination, sources);
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
  const written = await withRetries(remote, session, (stop) => writerOf(remote)(path, text, { signal: stop }));
  // Another may have been first by a moment, on a server that knows no conditions too.
  const there = await readRecord(remote, manifest.key, signedBy, session);
  if (there !== undefined && there.outputDigest !== manifest.outputDigest)
    throw different(result, manifest, there, remote);
  // What no result named before may have been tidied away before this record was seen.
  await send(session, { ...destination, known: nothingKnown }, found);
  await writeName(remote, result.label, manifest, session);
  return written === 'written' ? 'pushed' : 'there';
}

/** The empty object by which a listing tells a result, its key and the beginning of what came out. */
export function namePath(label: string, { key, outputDigest }: Pick<Manifest, 'key' | 'outputDigest'>): string {
  return `names/${label}/${key}.${outputDigest.slice(0, 16)}`;
}

async function writeName(remote: Remote, label: string, manifest: Manifest, trying: Trying): Promise<void> {
  const path = namePath(label, manifest);
  await withRetries(remote, trying, (stop) => writerOf(remote)(path, textContent(''), { signal: stop }));
}

/** Sends what the remote does not have. Gives what it had. */
async function send(
  session: Pusher,
  { remote, label, known }: { readonly remote: Remote; readonly label: string; readonly known: Known },
  sources: ReadonlyMap<string, Content>,
): Promise<Map<string, Content>> {
  const found = new Map([...sources].filter(([path]) => known(path)));
  const missing = [...sources].filter(([path]) => !found.has(path));
  const total = missing.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const phase = total < worthShowing ? undefined : session.progress(label).phase(`to ${remote.name}`, total, 'bytes');
  for (const [path, content] of missing) {
    let reached = 0;
    let tried = 0;
    let before = 0;
    const done = await withRetries(
      remote,
      session,
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
    if (done === 'there') found.set(path, content);
  }
  phase?.done();
  return found;
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
