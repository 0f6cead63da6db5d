import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { npyHeader, NpyReader, NpyWriter, parseNpyHeader, writeNpy } from './npy.ts';

const folder = temporaryFolder('npy');

test('the header is that of NumPy format 1.0, the data begins at a multiple of 64', () => {
  const path = join(folder, 'header.npy');
  writeNpy(path, '<i4', [3], Int32Array.of(1, 2, 3));
  const bytes = readFileSync(path);
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]));
  const start = 10 + bytes.readUInt16LE(8);
  expect(start % 64).toBe(0);
  expect(bytes.toString('latin1', 10, start)).toMatch(
    /^\{'descr': '<i4', 'fortran_order': False, 'shape': \(3,\), \} *\n$/,
  );
  expect(bytes.subarray(start)).toEqual(Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]));
});

test('a header of a later format is read, one that is cut off is not', () => {
  const text = `{'descr': '<i8', 'fortran_order': True, 'shape': (2, 9), }\n`;
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, text.length, 0, 0, 0]);
  const bytes = Buffer.concat([magic, Buffer.from(text)]);
  const start = bytes.length;
  expect(parseNpyHeader(bytes)).toEqual({ type: '<i8', shape: [2, 9], fortranOrder: true, start });
  expect(parseNpyHeader(bytes.subarray(0, start - 1))).toBeUndefined();
});

test('rows come back in any order, repeated or in runs', () => {
  const path = join(folder, 'rows.npy');
  const writer = new NpyWriter(path, '<f4', [4, 1, 2]);
  writer.append(Float32Array.of(0, 1, 10, 11, 20, 21));
  writer.append(Float32Array.of(30, 31));
  writer.close();
  const reader = new NpyReader(path);
  expect(reader.shape).toEqual([4, 1, 2]);
  expect([...reader.gather([2, 3, 0, 0])]).toEqual([20, 21, 30, 31, 0, 1, 0, 1]);
  expect(() => reader.gather([4])).toThrow(RangeError);
  const target = new Float32Array(7);
  expect([...reader.gather([3, 1], target.subarray(1))]).toEqual([30, 31, 10, 11]);
  expect([...target]).toEqual([0, 30, 31, 10, 11, 0, 0]);
  expect(() => reader.gather([0, 1], new Float32Array(3))).toThrow(RangeError);
  expect(() => reader.gather([0], new Int32Array(2))).toThrow(TypeError);
  reader.close();
});

test('a file with missing rows is an error at its end, a cut one when it is opened', () => {
  const path = join(folder, 'short.npy');
  const writer = new NpyWriter(path, '<f4', [2, 2]);
  writer.append(Float32Array.of(1, 2));
  expect(() => writer.append(Float32Array.of(1, 2, 3))).toThrow(RangeError);
  const whole = join(folder, 'whole.npy');
  writeNpy(whole, '<f4', [2, 2], Float32Array.of(1, 2, 3, 4));
  truncateSync(whole, readFileSync(whole).length - 3);
  expect(() => new NpyReader(whole)).toThrow(/cut off/);
  const vast = join(folder, 'vast.npy');
  writeFileSync(vast, npyHeader('<f4', [2 ** 40, 2 ** 20]));
  expect(() => new NpyReader(vast)).toThrow(/cut off/);
  const empty = join(folder, 'empty.npy');
  writeFileSync(empty, npyHeader('<f4', [2 ** 32, 0]));
  expect(() => new NpyReader(empty)).toThrow(/its rows are empty/);
  const text = join(folder, 'text.npy');
  appendFileSync(text, 'no array at all, but long enough to be read as one'.repeat(2000));
  expect(() => new NpyReader(text)).toThrow(/damaged/);
});
