import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { normal, randomKey } from '@selfsup/kit/random';
import { nearestNeighbours } from './nearest-neighbours.ts';
import { memoryRows as memory, type RowSource } from './row-source.ts';

function normals(name: string, rows: number, width: number): RowSource & { values: Float32Array } {
  const key = randomKey(3, name);
  const values = Float32Array.from({ length: rows * width }, (_, i) => 2 + normal(key, i));
  return { ...memory(values, width), values };
}

const row = (rows: RowSource & { values: Float32Array }, i: number) =>
  rows.values.subarray(i * rows.width, (i + 1) * rows.width);
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const compare = {
  cosine: (a: Float32Array, b: Float32Array) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  euclidean: (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((value, i) => value - b[i]!)),
};

/** All rows sorted, in double precision. */
function byHand(
  queries: RowSource & { values: Float32Array },
  bank: RowSource & { values: Float32Array },
  metric: keyof typeof compare,
) {
  return Array.from({ length: queries.rows }, (_, query) =>
    Array.from({ length: bank.rows }, (_, index) => ({
      index,
      value: compare[metric](row(queries, query), row(bank, index)),
    })).sort((a, b) => (metric === 'cosine' ? b.value - a.value : a.value - b.value)),
  );
}

test.each([
  ['cosine', 1],
  ['cosine', 7],
  ['euclidean', 3],
  ['euclidean', 150],
] as const)('%s: the %i nearest are those of sorting all of them', async (metric, k) => {
  const [queries, bank] = [normals('queries', 23, 9), normals('bank', 211, 9)];
  const before = tf.memory().numTensors;
  const found = await nearestNeighbours({ queries, bank, k, metric });
  expect(tf.memory().numTensors).toBe(before);
  byHand(queries, bank, metric).forEach((sorted, query) => {
    for (let i = 0; i < k; i++) {
      expect(found.indices[query * k + i]).toBe(sorted[i]!.index);
      expect(found.values[query * k + i]).toBeCloseTo(sorted[i]!.value, 5);
    }
  });
});

test('of equally near rows the lower comes first, across groups too', async () => {
  const bank = memory(
    Float32Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 1 : 5)),
    1,
  );
  const queries = memory(Float32Array.of(1.25), 1);
  const { indices } = await nearestNeighbours({ queries, bank, k: 4, metric: 'euclidean' });
  expect([...indices]).toEqual([0, 3, 6, 9]);
});

test('pieces of the bank and of the queries do not change what is found', async () => {
  const [queries, bank] = [normals('queries', 90, 4), normals('bank', 180, 4)];
  const search = { queries, bank, k: 5, metric: 'euclidean' } as const;
  const whole = await nearestNeighbours(search);
  const reads: number[] = [];
  const counted: RowSource = { ...bank, read: (start, count) => (reads.push(count), bank.read(start, count)) };
  const pieces = await nearestNeighbours({ ...search, bank: counted, pieceRows: { bank: 31, queries: 40 } });
  expect(reads).toEqual([180, 31, 31, 31, 31, 31, 25]); // first the sample of the mean
  expect(pieces.indices).toEqual(whole.indices);
  pieces.values.forEach((value, i) => expect(value).toBeCloseTo(whole.values[i]!, 5));
});

test('leaving one out, a row is no neighbour of itself, even where others equal it', async () => {
  const values = Float32Array.of(0, 0, 1, 0, 0, 2, 1, 0, 4, 4);
  const rows = memory(values, 2);
  const found = await nearestNeighbours({ queries: rows, bank: rows, k: 1, metric: 'euclidean', leaveOneOut: true });
  expect([...found.indices]).toEqual([1, 3, 0, 1, 2]);
});

test('what cannot be searched is refused by name', async () => {
  const [queries, bank] = [normals('queries', 4, 3), normals('bank', 5, 3)];
  const search = { queries, bank, k: 2, metric: 'cosine' } as const;
  await expect(nearestNeighbours({ ...search, k: 6 })).rejects.toThrow('6 neighbours of 5 rows');
  await expect(nearestNeighbours({ ...search, bank: normals('bank', 5, 4) })).rejects.toThrow('have 3 values');
  const broken = memory(
    bank.values.map((value, i) => (i === 7 ? NaN : value)),
    3,
  );
  await expect(nearestNeighbours({ ...search, bank: broken })).rejects.toThrow(
    /Row 2 of those compared with holds NaN/,
  );
  await expect(nearestNeighbours({ ...search, queries: broken })).rejects.toThrow(/Row 2 of those asked for holds NaN/);
});
