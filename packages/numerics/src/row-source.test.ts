import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileRows, mappedRows, memoryRows, refuseNonFinite, rowsPerChunk } from './row-source.ts';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'selfsup-rows-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const values = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);

it('reads rows from memory and from a file', async () => {
  const path = join(folder, 'rows');
  await writeFile(path, Buffer.concat([Buffer.from('head'), new Uint8Array(values.buffer)]));
  const file = fileRows(path, 4, 2, 4);
  for (const source of [memoryRows(values, 2), file]) {
    expect([source.rows, source.width]).toEqual([4, 2]);
    expect([...(await source.read(1, 2))]).toEqual([2, 3, 4, 5]);
    expect([...(await source.read(3, 1))]).toEqual([6, 7]);
  }
  const doubled = mappedRows(file, 1, (piece, count) => Float32Array.from({ length: count }, (_, i) => piece[2 * i]!));
  expect([...(await doubled.read(2, 2))]).toEqual([4, 6]);
  file.close();
});

it('names files that are missing or too short', async () => {
  const path = join(folder, 'short');
  expect(() => fileRows(path, 4, 2)).toThrow(expect.objectContaining({ file: path }));
  await writeFile(path, new Uint8Array(values.buffer));
  const file = fileRows(path, 5, 2);
  expect(() => file.read(3, 2)).toThrow(
    expect.objectContaining({ file: path, message: expect.stringMatching(/ends/) }),
  );
  file.close();
  expect(() => memoryRows(values, 3)).toThrow(RangeError);
});

it('names the row that is not finite', () => {
  expect(() => refuseNonFinite(Float32Array.of(1, 2, 3, -Infinity), 2, 10)).toThrow('Row 11 holds NaN or infinity');
  expect(refuseNonFinite(values, 2, 0)).toBeUndefined();
});

it('chooses pieces that stay within a budget', () => {
  expect(rowsPerChunk(1000) * 1000).toBeLessThanOrEqual(4 * 2 ** 20);
  expect([rowsPerChunk(10), rowsPerChunk(1e9)]).toEqual([8192, 64]);
});
