import { integer, uniform, type RandomKey } from '@selfsup/kit/random';

/** The formats that are read. */
export const formats = [
  'jpeg',
  'png',
  'tiff',
  'tar',
  'zip',
  'pickle',
  'mat',
  'npy',
  'safetensors',
  'xml',
  'json',
] as const;
export type Format = (typeof formats)[number];

/** Values at which programs err. */
const corners = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A seed with one to eight changes: bits, bytes, numbers, pieces taken out, doubled, moved in from another seed, or cut off. */
export function mutated(seeds: readonly Buffer[], key: RandomKey): Buffer {
  let bytes = Buffer.from(seeds[integer(key, seeds.length, 0)]!);
  const changes = 1 + integer(key, 8, 1);
  for (let i = 0; i < changes; i++) {
    const draw = (below: number, which: number): number => integer(key, Math.max(1, below), 10 * (i + 1) + which);
    const at = draw(bytes.length, 0);
    const length = Math.min(1 + draw(64, 1), bytes.length - at);
    const corner = corners[draw(corners.length, 2)]!;
    const piece = bytes.subarray(at, at + length);
    switch (draw(9, 3)) {
      case 0:
        if (bytes.length > 0) bytes[at]! ^= 1 << draw(8, 4);
        break;
      case 1:
        if (bytes.length > 0) bytes[at] = draw(256, 4);
        break;
      case 2:
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(corner, at);
        break;
      case 3:
        if (at + 4 <= bytes.length) bytes.writeUInt32BE(corner, at);
        break;
      case 4:
        if (at + 2 <= bytes.length) bytes.writeUInt16BE(corner & 0xffff, at);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, at + length), piece, bytes.subarray(at + length)]);
        break;
      case 7: {
        const other = seeds[draw(seeds.length, 5)]!;
        const from = draw(other.length, 6);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at)]);
        break;
      }
      default:
        // Cut off, though not in most of the cases: little is read of such a one.
        if (uniform(key, 10 * (i + 1) + 7) < 0.3) bytes = bytes.subarray(0, at);
    }
  }
  return bytes;
}
