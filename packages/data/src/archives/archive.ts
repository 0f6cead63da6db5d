import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { ReadableStream as WebStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import xz from 'xz-decompress'; // CommonJS without named exports that Node could see
import type { OpenMember } from './archive-member.ts';
import { fileBytes, streamBytes } from './tar-bytes.ts';
import { damagedArchive, tarMembers } from './tar-members.ts';
import { withinReason } from './unpacked-size.ts';
import { zipMembers } from './zip-members.ts';

/** Whether a path names an archive that `archiveMembers` understands. */
export function isArchive(path: string): boolean {
  return /\.(tar|tar\.gz|tgz|tar\.xz|txz|zip)$/i.test(path);
}

/**
 * The members of a .tar, .tar.gz, .tar.xz or .zip, one after another; nothing is written to disk, and of a plain tar or a
 * zip only what is asked for is read. Throws as `tarMembers` and `zipMembers`.
 */
export function archiveMembers(path: string): AsyncGenerator<OpenMember> {
  if (/\.zip$/i.test(path)) return zipMembers(path);
  return /\.tar$/i.test(path) ? plainTarMembers(path) : packedTarMembers(path);
}

async function* plainTarMembers(path: string): AsyncGenerator<OpenMember> {
  const file = await open(path, 'r');
  try {
    yield* tarMembers(fileBytes(file, 0, (await file.stat()).size), path);
  } finally {
    await file.close();
  }
}

function unpacking(path: string): Readable[] {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (/gz$/i.test(path)) return [file, createGunzip()];
  // Not Readable.toWeb: on Node 20 it throws out of reach when the file is let go of while a read is under way.
  const unpacked = new xz.XzReadableStream(WebStream.from(file) as ReadableStream<Uint8Array>);
  const stream = Readable.fromWeb(unpacked as WebStream<Uint8Array>);
  return [stream.once('close', () => file.destroy())];
}

async function* packedTarMembers(path: string): AsyncGenerator<OpenMember> {
  if (/xz$/i.test(path)) await refuseCutXz(path);
  const streams = [...unpacking(path), withinReason(path, 'The archive')];
  const stream = pipeline(streams as never, () => undefined) as unknown as Readable;
  try {
    yield* tarMembers(streamBytes(stream, path), path);
  } finally {
    stream.destroy();
  }
}

/** An xz ends with `YZ` and perhaps zeros in fours: its decoder may not mind where that is missing. */
async function refuseCutXz(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 1 << 16));
    await file.read(tail, 0, tail.length, size - tail.length);
    let end = tail.length;
    while (end >= 4 && tail.readUInt32LE(end - 4) === 0) end -= 4;
    if (tail.toString('latin1', end - 2, end) !== 'YZ')
      throw damagedArchive(path, 'the mark of the end of an xz is missing');
  } finally {
    await file.close();
  }
}
