import { deflateSync, inflateSync } from 'node:zlib';
import { crc32 } from '@selfsup/kit/files';
import { blindChange } from '../mutate.ts';
import type { Draws } from './draws.ts';

const sizes = [0, 1, 7, 8, 9, 39, 41, 255, 4096, 16383, 16384, 65500, 65535];

/** Changes the bytes behind the first ones, which say what a file is: so many, or below 1 such a part of all. */
export const behind =
  (head: number) =>
  (seed: Buffer, draws: Draws): Buffer => {
    const from = head < 1 ? Math.floor(head * seed.length) : head;
    return Buffer.concat([seed.subarray(0, from), blindChange(seed.subarray(from), draws)]);
  };

interface Chunk {
  type: string;
  data: Buffer;
}

function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= png.length;) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function framed({ type, data }: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A PNG with a chunk changed, doubled, moved or taken out, or its pixels before they are packed; checksums put right. */
export function changedPng(seed: Buffer, draws: Draws): Buffer {
  const chunks = chunksOf(seed);
  const which = draws.below(chunks.length);
  const chunk = chunks[which];
  if (chunk === undefined) return seed;
  switch (draws.below(11)) {
    case 0: {
      const header = Buffer.from(chunks[0]!.data);
      if (header.length !== 13) break;
      if (draws.chance(50)) header.writeUInt32BE(draws.of(sizes), draws.of([0, 4]));
      else header[8 + draws.below(5)] = draws.of([0, 1, 2, 3, 4, 6, 8, 16, 255]);
      chunks[0] = { type: 'IHDR', data: header };
      break;
    }
    case 1:
      chunks.splice(draws.below(chunks.length), 0, chunk);
      break;
    case 2:
      if (which > 0) chunks.splice(which, 1);
      break;
    case 3:
      chunks[which] = {
        ...chunk,
        type: draws.of(['IDAT', 'PLTE', 'tRNS', 'iCCP', 'eXIf', 'zTXt', 'acTL', 'abcd', 'ABCD']),
      };
      break;
    case 4:
      chunks.splice(1, 0, {
        type: draws.of(['tRNS', 'gAMA', 'iCCP', 'eXIf', 'pHYs', 'PLTE']),
        data: blindChange(chunk.data, draws),
      });
      break;
    case 5:
      chunks[which] = { ...chunk, data: blindChange(chunk.data, draws) };
      break;
    default: {
      const at = chunks.findIndex(({ type }) => type === 'IDAT');
      if (at >= 0) chunks[at] = { type: 'IDAT', data: repacked(chunks[at]!.data, draws) };
    }
  }
  return Buffer.concat([seed.subarray(0, 8), ...chunks.map(framed)]);
}

function repacked(packed: Buffer, draws: Draws): Buffer {
  try {
    return deflateSync(blindChange(inflateSync(packed), draws));
  } catch {
    return packed;
  }
}

/** A JPEG with a segment changed, doubled, moved or taken out, another size, or other scan data; lengths put right. */
export function changedJpeg(seed: Buffer, draws: Draws): Buffer {
  const segments: { marker: number; data: Buffer }[] = [];
  let at = 2;
  while (at + 4 <= seed.length && seed[at] === 0xff && seed[at + 1] !== 0xda) {
    const length = Math.max(2, seed.readUInt16BE(at + 2));
    segments.push({ marker: seed[at + 1]!, data: seed.subarray(at + 4, at + 2 + length) });
    at += 2 + length;
  }
  let scan = seed.subarray(at);
  const which = draws.below(segments.length);
  const segment = segments[which];
  const frame = segments.find(({ marker }) => marker >= 0xc0 && marker <= 0xc2);
  switch (draws.below(7)) {
    case 0:
      if (segment !== undefined) segments.splice(draws.below(segments.length), 0, segment);
      break;
    case 1:
      segments.splice(which, 1);
      break;
    case 2:
      if (segment !== undefined)
        segments[which] = { ...segment, data: blindChange(segment.data, draws).subarray(0, 65533) };
      break;
    case 3:
      if (segment !== undefined)
        segments[which] = {
          ...segment,
          marker: draws.of([0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xdb, 0xdd, 0xe0, 0xe1, 0xee, 0xfe]),
        };
      break;
    case 4:
      if (frame !== undefined && frame.data.length > 8) {
        const data = Buffer.from(frame.data);
        if (draws.chance(60)) data.writeUInt16BE(draws.of(sizes), draws.of([1, 3]));
        else data[draws.of([0, 5, 6, 7, 8])] = draws.of([0, 1, 2, 3, 4, 8, 12, 0x11, 0x22, 0x41, 0xff]);
        segments[segments.indexOf(frame)] = { ...frame, data };
      }
      break;
    default:
      scan = behind(2)(scan, draws);
  }
  const written = segments.map(({ marker, data }) => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([seed.subarray(0, 2), ...written, scan]);
}

/** A little-endian TIFF with an entry of its directory changed, or bytes of its pixels. */
export function changedTiff(seed: Buffer, draws: Draws): Buffer {
  const tiff = Buffer.from(seed);
  const directory = tiff.length >= 8 ? tiff.readUInt32LE(4) : tiff.length;
  if (directory + 2 > tiff.length) return seed;
  const count = tiff.readUInt16LE(directory);
  const entry = directory + 2 + 12 * draws.below(count);
  if (entry + 12 > tiff.length) return seed;
  switch (draws.below(10)) {
    case 0:
      tiff.writeUInt16LE(draws.of([1, 2, 3, 4, 5, 6, 7, 12, 16, 99]), entry + 2);
      return tiff;
    case 1:
      tiff.writeUInt32LE(draws.of([0, 1, 2, 3, 1000, 2 ** 31, 2 ** 32 - 1]), entry + 4);
      return tiff;
    case 2:
      tiff.writeUInt16LE(draws.of(tiffTags), entry);
      return tiff;
    case 3:
      tiff.writeUInt32LE(draws.of([...sizes, 2, 3, 5, 6, 32773, 34712, 2 ** 31, 2 ** 32 - 1]), entry + 8);
      return tiff;
    case 4: // another directory after the first
      if (directory + 6 + 12 * count <= tiff.length)
        tiff.writeUInt32LE(draws.of([directory, 8, 0xffffffff]), directory + 2 + 12 * count);
      return tiff;
    default: {
      const at = 8 + draws.below(Math.max(1, directory - 8));
      tiff[at] = draws.below(256);
      return tiff;
    }
  }
}

/** Width, height, bits, compression, colours, strips, tiles, samples, predictor, palette, JPEG tables. */
const tiffTags = [
  256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330, 338, 339, 347, 530, 34675,
];

/** A BMP with a field of its header changed. */
export function changedBmp(seed: Buffer, draws: Draws): Buffer {
  if (draws.chance(30)) return behind(26)(seed, draws);
  const bmp = Buffer.from(seed);
  const [at, bytes] = draws.of([
    [10, 4],
    [14, 4],
    [18, 4],
    [22, 4],
    [28, 2],
    [28, 2],
    [30, 4],
    [46, 4],
    [54, 4],
  ] as const);
  if (at + bytes > bmp.length) return seed;
  const header = [12, 40, 52, 56, 64, 108, 124];
  const values =
    at === 14
      ? header
      : [0, 1, 2, 3, 4, 6, 8, 16, 24, 32, 11585, 2 ** 15, ...(bytes === 4 ? [2 ** 31, 2 ** 32 - 1, 2 ** 32 - 28] : [])];
  bmp.writeUIntLE(draws.of(values), at, bytes);
  return draws.chance(20) ? bmp.subarray(0, draws.below(bmp.length)) : bmp;
}

/** A PBM, PGM or PPM with another number or sign in its header, or other pixels. */
export function changedNetpbm(seed: Buffer, draws: Draws): Buffer {
  if (draws.chance(30)) return behind(12)(seed, draws);
  const head = seed.toString('latin1', 0, 12);
  const numbers = [...head.matchAll(/\d+/g)];
  const { 0: old, index } = draws.of(numbers.length > 0 ? numbers : [...head.matchAll(/^/g)]);
  const value = draws.of([
    '',
    '0',
    '1',
    '2',
    '3',
    '6',
    '7',
    '-1',
    '11585',
    '65536',
    '#x\n5',
    '99999999999999999999',
    'x',
  ]);
  return Buffer.concat([
    Buffer.from(head.slice(0, index) + value + head.slice(index + old.length), 'latin1'),
    seed.subarray(12),
  ]);
}
