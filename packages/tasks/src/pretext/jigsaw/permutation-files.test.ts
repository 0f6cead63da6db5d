import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { setDistances } from '../../testing/permutation-distances.ts';
import { permutationFile, readPermutations } from './permutation-files.ts';
import { permutationSet, permutationSetSchema, printed } from './permutation-set.ts';
import { faultOf, greedyPermutations } from './permutations.ts';

const folder = mkdtempSync(join(tmpdir(), 'permutations-'));
afterAll(() => rmSync(folder, { recursive: true }));
const set = greedyPermutations(7, 'max-average', 1234);

/** What NumPy 2 writes for np.save of an array of this type and shape. */
function npy(type: string, shape: string, body: ArrayBufferView, order = 'False'): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': ${shape}, }`.padEnd(117) + '\n';
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0];
  return Buffer.concat([Buffer.from(magic), Buffer.from(text), new Uint8Array(body.buffer)]);
}

const bin = (...numbers: number[]): Buffer => Buffer.from(Int32Array.from(numbers).buffer);
const row = [4, 0, 1, 8, 2, 3, 5, 6, 7];

describe('permutation files', () => {
  test.each([
    ['bin', 0],
    ['bin', 1],
    ['npy', 0],
    ['npy', 1],
  ] as const)('written as .%s from %i, come back', (format, base) => {
    const path = join(folder, `set.${format}`);
    writeFileSync(path, permutationFile(format, set, base));
    expect(readPermutations(path)).toEqual(set);
  });

  test('have the published layout', () => {
    const two = set.slice(0, 2);
    const numbers = [2, 9, ...two.flatMap((order) => order.map((symbol) => symbol + 1))];
    expect(Buffer.from(permutationFile('bin', two, 1))).toEqual(bin(...numbers));
    const body = BigInt64Array.from(two.flat(), BigInt);
    expect(Buffer.from(permutationFile('npy', two, 0))).toEqual(npy('<i8', '(2, 9)', body));
  });

  test.each([
    ['|u1', Uint8Array.from(row)],
    ['|i1', Int8Array.from(row)],
    ['<i2', Int16Array.from(row)],
    ['<u4', Uint32Array.from(row)],
    ['<i8', BigInt64Array.from(row, BigInt)],
  ])('of NumPy type %s are read', (type, body) => {
    const path = join(folder, 'type.npy');
    writeFileSync(path, npy(type, '(1, 9)', body));
    expect(readPermutations(path)).toEqual([row]);
  });

  test.each([
    ['empty', Buffer.alloc(0), /0 bytes/],
    ['no rows', bin(0, 9), /0 rows of 9/],
    ['eight symbols', bin(1, 8, ...row), /1 rows of 8/],
    ['cut off', bin(2, 9, ...row), /2 rows take 80 bytes, it has 44/],
    ['too long', bin(1, 9, ...row, 1), /it has 48/],
    ['no permutation', bin(1, 9, 0, 1, 2, 3, 4, 5, 6, 7, 7), /Row 1 .* no permutation/],
    ['both bases', bin(2, 9, ...row, ...row.map((symbol) => symbol + 1)), /Row 2 .* no permutation/],
    ['twice', bin(2, 9, ...row, ...row), /the same as row 1/],
    ['floats', npy('<f4', '(1, 9)', Float32Array.from(row)), /type <f4/],
    ['big-endian', npy('>i8', '(1, 9)', BigInt64Array.from(row, BigInt)), /type >i8/],
    ['flat', npy('|u1', '(9,)', Uint8Array.from(row)), /shape is \(9,\)/],
    ['in Fortran order', npy('|u1', '(1, 9)', Uint8Array.from(row), 'True'), /Fortran/],
    ['a cut npy', npy('|u1', '(2, 9)', Uint8Array.from(row)), /18 bytes, it has 9/],
    ['a cut header', npy('|u1', '(1, 9)', Uint8Array.from(row)).subarray(0, 9), /header is cut off/],
  ])('that are %s are refused by name', (name, content, why) => {
    const path = join(folder, `${name}.bin`);
    writeFileSync(path, content);
    const read = () => readPermutations(path);
    expect(read).toThrow(why);
    expect(read).toThrow(expect.objectContaining({ name: 'UserError', file: path }));
  });

  test('that are missing are refused by name', () => {
    const path = join(folder, 'missing.bin');
    expect(() => readPermutations(path)).toThrow(expect.objectContaining({ name: 'UserError', file: path }));
  });
});

describe('a config names a permutation set', () => {
  test('by a rule: its seed chooses, the same one the same set', async () => {
    const of = (seed: number) => permutationSet(permutationSetSchema.parse({ count: 64, seed }));
    const [first, again, other] = [await of(0), await of(0), await of(1)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(faultOf(first)).toBeUndefined();
    expect(setDistances(first)).toEqual({ least: 2, mean: 8.125 });
  });

  test('by hand, from 0 or from 1', async () => {
    const config = permutationSetSchema.parse({ rows: [[9, 4, 6, 8, 3, 2, 5, 1, 7]] });
    const [order] = await permutationSet(config);
    expect(order).toEqual([8, 3, 5, 7, 2, 1, 4, 0, 6]);
    expect(printed(order!)).toBe('9 4 6 8 3 2 5 1 7');
    expect(await permutationSet(permutationSetSchema.parse({ rows: [row] }))).toEqual([row]);
  });

  test('by hand with a fault, which is shown as written', () => {
    const parsed = permutationSetSchema.safeParse({ rows: [[9, 4, 6, 8, 3, 2, 5, 1, 1]] });
    expect(JSON.stringify(parsed.error!.issues)).toContain('Row 1 (9, 4, 6, 8, 3, 2, 5, 1, 1) is no permutation');
  });

  test('by a file and its digest, in SELFSUP_DATA where the path is relative', async () => {
    const before = process.env['SELFSUP_DATA'];
    process.env['SELFSUP_DATA'] = folder;
    try {
      writeFileSync(join(folder, 'given.npy'), permutationFile('npy', set, 1));
      const digest = sha256(readFileSync(join(folder, 'given.npy')));
      expect(await permutationSet({ file: 'given.npy', sha256: digest })).toEqual(set);
      const other = permutationSet({ file: join(folder, 'given.npy'), sha256: '0'.repeat(64) });
      await expect(other).rejects.toMatchObject({ name: 'UserError', field: 'task.permutations.sha256' });
      await expect(other).rejects.toThrow(digest);
    } finally {
      if (before === undefined) delete process.env['SELFSUP_DATA'];
      else process.env['SELFSUP_DATA'] = before;
    }
  });
});
