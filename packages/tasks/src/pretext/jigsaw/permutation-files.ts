import { readFileSync } from 'node:fs';
import { UserError } from '@selfsup/kit/errors';
import { npyHeader, parseNpyHeader } from '@selfsup/numerics/npy';
import { faultOf, TILES, type Permutation } from './permutations.ts';

/** Number of the first symbol in a file or config: 1 in Noroozi's files and in papers, 0 in NumPy's. */
export type SymbolBase = 0 | 1;

/** Integer types that NumPy may have written, little-endian. */
const readers: Readonly<Record<string, (bytes: Buffer, at: number) => number>> = {
  '|i1': (bytes, at) => bytes.readInt8(at),
  '|u1': (bytes, at) => bytes.readUInt8(at),
  '<i2': (bytes, at) => bytes.readInt16LE(at * 2),
  '<u2': (bytes, at) => bytes.readUInt16LE(at * 2),
  '<i4': (bytes, at) => bytes.readInt32LE(at * 4),
  '<u4': (bytes, at) => bytes.readUInt32LE(at * 4),
  '<i8': (bytes, at) => Number(bytes.readBigInt64LE(at * 8)),
  '<u8': (bytes, at) => Number(bytes.readBigUInt64LE(at * 8)),
};

/** Rows with symbols from 0 or from 1 to ones from 0; as they are where neither fits, for `faultOf` to tell. */
export function fromAnyBase(rows: readonly (readonly number[])[]): Permutation[] {
  const base = rows.every((row) => row.includes(TILES)) ? 1 : 0;
  return rows.map((row) => row.map((symbol) => symbol - base));
}

/**
 * Reads a permutation set as published: `.bin` (int32 little-endian: count, 9, then the rows; Noroozi's) or `.npy` (an
 * integer array `[count, 9]`; others'). Symbols may count from 0 or from 1. Throws `UserError` naming the file where it is
 * missing, is neither, is cut off or too long, or holds rows that are no distinct permutations.
 */
export function readPermutations(path: string): Permutation[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new UserError(`The permutation set cannot be read: ${(cause as Error).message}`, { file: path, cause });
  }
  const refuse = (why: string): UserError =>
    new UserError(`The file is no permutation set: ${why}`, {
      file: path,
      remedy: 'Give a .npy file of integers [count, 9], or a .bin file of int32: count, 9, then the rows.',
    });
  const raw = bytes.toString('latin1', 1, 6) === 'NUMPY' ? readNpy(bytes, refuse) : readBin(bytes, refuse);
  const rows = fromAnyBase(raw);
  const fault = faultOf(rows, raw);
  if (fault !== undefined) throw refuse(fault);
  return rows;
}

type Refuse = (why: string) => UserError;

function inRows(count: number, at: (index: number) => number): number[][] {
  return Array.from({ length: count }, (_, row) => Array.from({ length: TILES }, (_, slot) => at(row * TILES + slot)));
}

function readBin(bytes: Buffer, refuse: Refuse): number[][] {
  if (bytes.length < 8) throw refuse(`it has ${bytes.length} bytes`);
  const [count, symbols] = [bytes.readInt32LE(0), bytes.readInt32LE(4)];
  if (count < 1 || symbols !== TILES) throw refuse(`its header says ${count} rows of ${symbols}`);
  const expected = 8 + 4 * TILES * count;
  if (bytes.length !== expected) throw refuse(`${count} rows take ${expected} bytes, it has ${bytes.length}`);
  return inRows(count, (index) => bytes.readInt32LE(8 + 4 * index));
}

function readNpy(bytes: Buffer, refuse: Refuse): number[][] {
  const header = parseNpyHeader(bytes);
  if (header === undefined) throw refuse('its header is cut off or damaged');
  const { type, shape, fortranOrder, start } = header;
  const read = readers[type];
  if (read === undefined) throw refuse(`its numbers are of type ${type}`);
  const [count = 0, symbols] = shape;
  if (shape.length !== 2 || symbols !== TILES || count < 1) {
    throw refuse(`its shape is (${shape.join(', ')}${shape.length === 1 ? ',' : ''})`);
  }
  if (fortranOrder) throw refuse('it is in Fortran order');
  const body = bytes.subarray(start);
  const expected = count * TILES * Number(type.slice(2));
  if (body.length !== expected) throw refuse(`${count} rows take ${expected} bytes, it has ${body.length}`);
  return inRows(count, (index) => read(body, index));
}

/**
 * A permutation set in a published format: `.bin` as Noroozi's, or `.npy` of int64 as NumPy writes it, symbols counted from
 * `base`.
 */
export function permutationFile(format: 'bin' | 'npy', set: readonly Permutation[], base: SymbolBase): Uint8Array {
  const values = set.flat().map((symbol) => symbol + base);
  if (format === 'bin') return new Uint8Array(Int32Array.from([set.length, TILES, ...values]).buffer);
  const body = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return Buffer.concat([npyHeader('<i8', [set.length, TILES]), body]);
}
