import { Draws } from './hostile/draws.ts';

/** Changes what a format is made of, and keeps the rest of it in order: checksums, lengths, syntax. */
export type Shaped = (seed: Buffer, draws: Draws) => Buffer;

/** Of a hundred inputs, those that are changed without regard to what their bytes mean. */
const blindPercent = 25;

/** A seed with changes that regard its format, or, in a quarter of the cases, blind ones. */
export function mutated(seeds: readonly Buffer[], shaped: Shaped, draws: Draws): Buffer {
  if (draws.chance(blindPercent)) return blindly(seeds, draws);
  let bytes = draws.of(seeds);
  for (let left = 1 + draws.below(3); left > 0; left--) bytes = shaped(bytes, draws);
  return bytes;
}

/** A seed with one to eight changes: bits, bytes, numbers, pieces taken out, doubled, moved in from another seed, or cut off. */
function blindly(seeds: readonly Buffer[], draws: Draws): Buffer {
  let bytes = draws.of(seeds);
  for (let left = 1 + draws.below(8); left > 0; left--) bytes = blindChange(bytes, draws, seeds);
  return bytes;
}

/** Values of two and four bytes at which programs err. */
const corners = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One blind change; a piece that is moved in comes from one of `others`. */
export function blindChange(bytes: Buffer, draws: Draws, others: readonly Buffer[] = [bytes]): Buffer {
  const changed = Buffer.from(bytes);
  const at = draws.below(bytes.length);
  const length = Math.min(1 + draws.below(64), bytes.length - at);
  const corner = draws.of(corners);
  switch (draws.below(9)) {
    case 0:
      if (bytes.length > 0) changed[at]! ^= 1 << draws.below(8);
      return changed;
    case 1:
      if (bytes.length > 0) changed[at] = draws.below(256);
      return changed;
    case 2:
      if (at + 4 <= bytes.length) changed.writeUInt32LE(corner, at);
      return changed;
    case 3:
      if (at + 4 <= bytes.length) changed.writeUInt32BE(corner, at);
      return changed;
    case 4:
      if (at + 2 <= bytes.length) changed.writeUInt16BE(corner & 0xffff, at);
      return changed;
    case 5:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 6:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 7: {
      const other = draws.of(others);
      const from = draws.below(other.length);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at)]);
    }
    default:
      // Cut off, though not in most of the cases: little is read of such a one.
      return draws.chance(30) ? changed.subarray(0, at) : changed;
  }
}
