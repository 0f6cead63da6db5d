import { createHash } from 'node:crypto';
import { createReadStream, type BigIntStats } from 'node:fs';
import { open, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { canonicalJson, sha256File, writeAtomically } from '@selfsup/kit/files';
import { withinReason } from '../archives/unpacked-size.ts';
import type { SourceContext } from '../source.ts';
import { filesBelow, unreadable } from './folder-files.ts';

/** Where checksums are remembered, and whether they are to be computed anew all the same. */
export type DigestMemory = Pick<SourceContext, 'cacheFolder' | 'fullHash'>;

/** A remembered checksum holds while what can be seen of the file at a glance stays as it is. */
interface Remembered {
  readonly state: string;
  readonly sha256: string;
}

/** A file changed in the last seconds may change again without its times showing it: do not remember it yet. */
const settledMilliseconds = 3000;

async function readMemory(file: string): Promise<Record<string, Remembered>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, Remembered>;
  } catch {
    return {}; // missing or spoilt: checksums are computed anew
  }
}

async function remembered(
  { cacheFolder, fullHash }: DigestMemory,
  name: string,
  { state, settled }: { readonly state: string; readonly settled: boolean },
  compute: () => Promise<string>,
): Promise<string> {
  const memoryFile = join(cacheFolder, 'fingerprints.json');
  const known = fullHash === true ? undefined : (await readMemory(memoryFile))[name];
  if (known?.state === state) return known.sha256;
  const digest = await compute();
  const memory = await readMemory(memoryFile);
  delete memory[name]; // even where the new one cannot be trusted yet
  if (settled) memory[name] = { state, sha256: digest };
  await writeAtomically(memoryFile, canonicalJson(memory)).catch(() => undefined); // only a convenience
  return digest;
}

/**
 * What the file system says of a file. Whoever writes it can set its time of modification, as tools that unpack or copy do;
 * the time of its last change (ctime) and its number (inode) tell one that was replaced, renamed or rewritten.
 */
function stateOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
}

/** Whether a file has been left alone for long enough, judged before it is read. */
function isSettled({ mtimeNs, ctimeNs }: BigIntStats): boolean {
  return [mtimeNs, ctimeNs].every((time) => Math.abs(Date.now() - Number(time / 1_000_000n)) > settledMilliseconds);
}

const samples = 256;
const sampleBytes = 2 ** 16;

/**
 * sha256 of parts of a file: all of one up to 16 MiB, of a larger one 256 parts of 64 KiB evenly apart, its ends among them. It
 * notices what a file system that keeps no ctime does not show.
 */
async function sampleOf(path: string, size: number): Promise<string> {
  if (size <= samples * sampleBytes) return sha256File(path);
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    for (let i = 0; i < samples; i++) {
      const at = Math.floor((i * (size - sampleBytes)) / (samples - 1));
      const { buffer, bytesRead } = await file.read(Buffer.alloc(sampleBytes), 0, sampleBytes, at);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

async function gunzippedDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path) as Readable, createGunzip(), withinReason(path, 'The file'), hash);
  return hash.digest('hex');
}

/**
 * sha256 of a file's content, such as an archive's. It is remembered, and all of the file read again only when its size, times,
 * inode or a sample of its content differ. With `gunzip` it is the digest of the unpacked content, so that two packings of the
 * same bytes agree. Throws `UserError` for one that may not be read, else what `fs` and `zlib` throw.
 */
export async function fileDigest(path: string, memory: DigestMemory, gunzip = false): Promise<string> {
  try {
    const stats = await stat(path, { bigint: true });
    const name = `${gunzip ? 'gunzip:' : ''}${await realpath(path)}`;
    const state = `${stateOf(stats)} ${await sampleOf(path, Number(stats.size))}`;
    return await remembered(memory, name, { state, settled: isSettled(stats) }, () =>
      gunzip ? gunzippedDigest(path) : sha256File(path),
    );
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'EACCES' ? unreadable(path, 'The file', cause) : cause;
  }
}

/**
 * sha256 over the (relative path, content) pairs of files below `folder`, remembered by all their names, sizes, times and
 * inodes. `only` chooses among relative paths with `/` between their parts. Throws `UserError` for a link that leads nowhere.
 */
export async function folderDigest(
  folder: string,
  memory: DigestMemory,
  only: (path: string) => boolean,
): Promise<string> {
  const files = (await filesBelow(folder)).paths.filter(only);
  const states = createHash('sha256');
  let settled = true;
  for (const file of files) {
    const stats = await stat(join(folder, file), { bigint: true }).catch((cause: unknown) => {
      throw unreadable(folder, file, cause);
    });
    states.update(`${file}\0${stateOf(stats)}\n`);
    settled &&= isSettled(stats);
  }
  const state = states.digest('hex');
  return remembered(memory, `folder:${await realpath(folder)}`, { state, settled }, async () => {
    const hash = createHash('sha256');
    for (const file of files) {
      const digest = await sha256File(join(folder, file)).catch((cause: unknown) => {
        throw unreadable(folder, file, cause);
      });
      hash.update(`${file}\0${digest}\n`);
    }
    return hash.digest('hex');
  });
}
