import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readMatFile } from './mat-file.ts';

const header = Buffer.alloc(128, ' ');
header.write('MATLAB 5.0 MAT-file');
header.write('IM', 126);

function element(type: number, data: Buffer): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(data.length, 4);
  return Buffer.concat([tag, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}
const int32 = (...values: number[]): Buffer => element(5, Buffer.from(Int32Array.from(values).buffer));

/** A file with one array of a class and sizes. */
function file(kind: number, sizes: readonly number[], ...content: Buffer[]): Buffer {
  const flags = element(6, Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0]));
  const parts = [flags, int32(...sizes), element(1, Buffer.from('x')), ...content];
  return Buffer.concat([header, element(14, Buffer.concat(parts))]);
}
const packed = (content: Buffer): Buffer => {
  const whole = element(15, deflateSync(content, { level: 1 }));
  return whole.subarray(0, 8 + whole.readUInt32LE(4)); // what is packed is not filled up
};

/** Cells in cells. */
function nested(depth: number): Buffer {
  return file(1, [1, 1], depth === 0 ? element(14, Buffer.alloc(0)) : nested(depth - 1)).subarray(128);
}
const doubles = (...values: number[]): Buffer => element(9, Buffer.from(Float64Array.from(values).buffer));

test('numbers, text and structs come out', () => {
  expect(readMatFile(file(6, [1, 2], doubles(1.5, -2)))).toEqual({ x: [1.5, -2] });
  const inner = file(6, [1, 1], doubles(7)).subarray(128);
  expect(readMatFile(file(2, [1, 1], int32(8), element(1, Buffer.from('size\0\0\0\0')), inner))).toEqual({
    x: [{ size: [7] }],
  });
});

test('a text as long as a book comes out', () => {
  const text = Buffer.alloc(300_000, 'words ');
  expect(readMatFile(file(4, [1, text.length], element(2, text)))).toEqual({ x: text.toString() });
});

test.each([
  ['structs whose fields have no name', file(2, [1, 1], int32(0), element(1, Buffer.from('ab'))), /without names/],
  ['structs whose fields have names of a part of a byte', file(2, [1, 1], doubles(1e-9), element(1, Buffer.from('ab'))), /without names/], // prettier-ignore
  [
    'billions of structs without fields',
    file(2, [2 ** 30, 2 ** 30], int32(8), element(1, Buffer.alloc(0))),
    /last element/,
  ],
  ['more cells than there are', file(1, [2 ** 30, 4]), /last element/],
  [
    'more than it may unpack to',
    Buffer.concat([header, element(15, deflateSync(Buffer.alloc(2 ** 28 + 1), { level: 1 }))]),
    /unpacks to more than any such file/,
  ],
  ['elements that are missing', Buffer.concat([header, element(14, element(6, Buffer.alloc(8)))]), /last element/],
  ['arrays nested without end', Buffer.concat([header, nested(20)]), /nests more than 16 arrays/],
  [
    'more numbers than fit in memory, in little room',
    Buffer.concat([header, packed(file(6, [1, 2 ** 27 + 9], element(1, Buffer.alloc(2 ** 27 + 9))).subarray(128))]),
    /holds more than 134217728 numbers/,
  ],
])('%s are refused at once', (_what, bytes, says) => {
  expect(() => readMatFile(bytes)).toThrow(says);
});
