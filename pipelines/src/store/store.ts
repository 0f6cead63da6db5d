import { randomUUID } from 'node:crypto';
import { existsSync, type Stats } from 'node:fs';
import { chmod, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import {
  canonicalJson,
  flush,
  flushNames,
  isTemporary,
  makeFolder,
  move,
  sha256,
  sha256File,
  writeAtomically,
} from '@selfsup/kit/files';
import { cachePath } from '@selfsup/kit/folders';

/** A blob as a manifest names it. */
export interface BlobRef {
  /** sha256 of a file; for a folder, of what identifies its content. */
  readonly sha256: string;
  readonly bytes?: number | undefined;
}

interface SeenFile {
  sha256: string;
  size: number;
  modified: number;
  changed: number;
  inode: number;
}

/** What is remembered of a blob: the digest of each file, and how the file looked when that was last computed. */
type Seen = Record<string, SeenFile>;

/** Path of a blob in the store. */
export function blobPath(store: string, digest: string): string {
  return join(store, 'sha256', digest.slice(0, 2), digest);
}

function seenPath(store: string, digest: string): string {
  return join(store, 'verified', digest.slice(0, 2), `${digest}.json`);
}

/**
 * Moves a file or folder into the store, which may lie on another disk, and makes it read-only. A folder is named by `identity` where given (an
 * LMDB dataset, whose pages depend on commit timing), else by its files' digests. Content that is there is kept.
 */
export async function storeBlob(store: string, path: string, identity?: string): Promise<BlobRef> {
  const isFolder = (await stat(path)).isDirectory();
  if (isFolder) await sweepTemporaries(path);
  const seen = await look(path, []);
  const files = Object.entries(seen);
  const digest = !isFolder ? files[0]![1].sha256 : (identity ?? folderDigest(seen));
  const bytes = files.reduce((sum, [, file]) => sum + file.size, 0);
  const target = blobPath(store, digest);
  if (await isWholeAndSpared(store, digest)) {
    await rm(path, { recursive: true, force: true });
  } else {
    await rm(target, { recursive: true, force: true });
    await makeFolder(dirname(target));
    for (const [name] of files) await chmod(isFolder ? join(path, name) : path, 0o444);
    await flush(path);
    // The record of a folder is its only proof, so it stands before the folder does.
    if (isFolder) {
      await makeFolder(dirname(seenPath(store, digest)));
      await remember(seenPath(store, digest), await look(path, [], seen));
      await flushNames(dirname(seenPath(store, digest)));
    }
    await move(path, target).catch(async (cause: unknown) => {
      // Another stage may have stored the same content a moment before.
      if (!(await isWhole(store, digest))) throw cause;
      await rm(path, { recursive: true, force: true });
    });
    await flushNames(dirname(target));
    if (!isFolder) await remember(seenPath(store, digest), await look(target, [], seen));
  }
  return identity === undefined ? { sha256: digest, bytes } : { sha256: digest };
}

/** Removes what writes that were cut off have left in a folder, whose content it is no part of. */
async function sweepTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true }))
    if (isTemporary(name)) await rm(join(folder, name), { force: true });
}

/** What names a folder in the store by the digests of its files, whatever their order. */
export function folderDigest(files: Readonly<Record<string, { readonly sha256: string }>>): string {
  const named = Object.entries(files).map(([name, file]) => [name, file.sha256]);
  return sha256(canonicalJson(named.sort(([a], [b]) => (a! < b! ? -1 : 1))));
}

/**
 * Whether a blob is there, byte for byte. Cheap while size, times and inode are as remembered; else, and with `afresh` in
 * any case, its files are read again.
 */
export async function isWhole(store: string, digest: string, afresh = false): Promise<boolean> {
  const path = blobPath(store, digest);
  const state = await stat(path).catch(() => undefined);
  if (state === undefined) return false;
  const proof = await readSeen(seenPath(store, digest));
  if (proof === undefined && state.isDirectory()) return false;
  const elsewhere = cachedLook(digest);
  const known = [proof ?? {}, elsewhere === undefined ? {} : ((await readSeen(elsewhere)) ?? {})];
  const now = await look(path, afresh ? [] : known).catch(() => undefined);
  if (now === undefined) return false;
  const same = state.isDirectory()
    ? Object.entries(proof!).every(([name, file]) => now[name]?.sha256 === file.sha256)
    : now['']?.sha256 === digest;
  const isKnown = known.some((seen) => canonicalJson(seen) === canonicalJson(now));
  if (same && !isKnown) await rememberLook(store, digest, now);
  if (!same && isKnownByLook(known, now)) await distrust(store, digest);
  return same;
}

/**
 * Whether a blob is there that is about to be named. Nobody else may name it at this moment, so it is made as young to gc as if
 * it were new; false also where gc was quicker.
 */
export async function isWholeAndSpared(store: string, digest: string): Promise<boolean> {
  if (!(await isWhole(store, digest))) return false;
  const path = blobPath(store, digest);
  // What cannot be touched is in a store of others that can only be read.
  await utimes(path, new Date(), new Date()).catch(() => undefined);
  const state = await stat(path).catch(() => undefined);
  if (state === undefined) return false;
  if (!state.isDirectory()) await rememberLook(store, digest, { '': lookOf(state, digest) });
  return true;
}

/** Whether all files look as they did: what is wrong was lost by the disk itself. */
function isKnownByLook(known: readonly Seen[], now: Seen): boolean {
  const looks = (seen: Seen): string =>
    canonicalJson(Object.entries(seen).map(([name, { sha256: _, ...look }]) => [name, look]));
  return known.some((seen) => looks(seen) === looks(now));
}

/** Has a blob read again whatever it looks like, by who takes the look of its files for a proof. */
async function distrust(store: string, digest: string): Promise<void> {
  for (const file of [seenPath(store, digest), cachedLook(digest)]) {
    const seen = file && (await readSeen(file));
    if (!seen) continue;
    const unlike = Object.entries(seen).map(([name, one]) => [name, { ...one, modified: 0 }]);
    await remember(file, Object.fromEntries(unlike) as Seen).catch(() => undefined);
  }
}

/** Digest and size of each file of a blob, by name ('' where it is a file itself); undefined where it is not there whole. */
export async function blobFiles(
  store: string,
  digest: string,
): Promise<Record<string, { sha256: string; bytes: number }> | undefined> {
  if (!(await isWhole(store, digest))) return undefined;
  const elsewhere = cachedLook(digest);
  const seen = (await readSeen(seenPath(store, digest))) ?? (elsewhere && (await readSeen(elsewhere))) ?? {};
  return Object.fromEntries(Object.entries(seen).map(([name, { sha256, size }]) => [name, { sha256, bytes: size }]));
}

/** Digests of the files below `path` (the path itself under the name ''), those that look as one in `known` not read. */
async function look(path: string, known: readonly Seen[], digests: Seen = {}): Promise<Seen> {
  const result: Seen = {};
  for (const file of await filesBelow(path)) {
    const name = relative(path, file);
    const state = await stat(file);
    const unchanged = known.map((seen) => seen[name]).find((before) => before && looksLike(before, state));
    const digest = unchanged?.sha256 ?? digests[name]?.sha256 ?? (await sha256File(file));
    result[name] = lookOf(state, digest);
  }
  return result;
}

function lookOf({ size, mtimeMs, ctimeMs, ino }: Stats, digest: string): SeenFile {
  return { sha256: digest, size, modified: mtimeMs, changed: ctimeMs, inode: ino };
}

function looksLike(before: SeenFile, state: Stats): boolean {
  return canonicalJson(before) === canonicalJson(lookOf(state, before.sha256));
}

/** Files at or below a path, sorted. LMDB's lock file is no content. */
export async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .filter((entry) => !/^(lock\.mdb|.*\.mdb-lock)$/.test(entry.name))
      .map((entry) =>
        entry.isDirectory() ? filesBelow(join(path, entry.name)) : Promise.resolve([join(path, entry.name)]),
      ),
  );
  return nested.flat().sort();
}

async function readSeen(file: string): Promise<Seen | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Seen;
  } catch {
    return undefined;
  }
}

/** Remembers a look at a blob; of a store that can only be read in the user's cache, or not at all. It only saves time. */
async function rememberLook(store: string, digest: string, seen: Seen): Promise<void> {
  try {
    await remember(seenPath(store, digest), seen);
  } catch {
    const elsewhere = cachedLook(digest);
    if (elsewhere !== undefined) await remember(elsewhere, seen).catch(() => undefined);
  }
}

/** Where looks at blobs of stores that can only be read are kept. */
function cachedLook(digest: string): string | undefined {
  const cache = cachePath();
  return cache && seenPath(cache, digest);
}

async function remember(file: string, seen: Seen): Promise<void> {
  await writeAtomically(file, JSON.stringify(seen));
}

/** Digests of all blobs in a store. */
export async function storedDigests(store: string): Promise<string[]> {
  const root = join(store, 'sha256');
  if (!existsSync(root)) return [];
  const groups = await readdir(root);
  const names = (await Promise.all(groups.map((group) => readdir(join(root, group))))).flat();
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/** Copies from another disk that a killed process did not finish. */
export async function unfinishedCopies(store: string): Promise<string[]> {
  const root = join(store, 'sha256');
  if (!existsSync(root)) return [];
  const names = await readdir(root, { recursive: true });
  return names.filter((name) => /^[0-9a-f]{2}.\.[0-9a-f]{64}\.[^/]*\.tmp$/.test(name)).map((name) => join(root, name));
}

/**
 * Removes a blob and what is remembered of it, unless it was changed after `modified` (milliseconds): what stores the same
 * content again touches it, then looks whether it is there. False where it stays.
 */
export async function removeBlob(store: string, digest: string, modified: number): Promise<boolean> {
  const seen = seenPath(store, digest);
  const remembered = (await stat(seen).catch(() => undefined))?.mtimeMs ?? 0;
  const isGone = await removeUnchanged(blobPath(store, digest), modified);
  if (isGone) await removeUnchanged(seen, remembered);
  return isGone;
}

/**
 * Removes what was not changed after `modified`. It is looked at only once nobody can find it any more: who touched it before
 * is seen here, who comes later sees that it is gone. False where it stays.
 */
async function removeUnchanged(path: string, modified: number): Promise<boolean> {
  const aside = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return true;
  }
  const isUnchanged = (await stat(aside)).mtimeMs <= modified;
  // Where the same content has come meanwhile, one is enough.
  if (!isUnchanged) await rename(aside, path).catch(() => undefined);
  await rm(aside, { recursive: true, force: true });
  return isUnchanged;
}
