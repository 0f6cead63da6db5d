import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { attentionMap, correlation, resized, stretched, type CellMap } from './attention.ts';

/** What NumPy and PyTorch give; see bench/oracles/attention_reference.py. */
interface Reference {
  readonly shape: [number, number, number];
  readonly activations: number[];
  readonly cases: { power: number; map: number[]; shown: number[] }[];
  readonly correlation: number;
}
const file = new URL('attention.reference.json', import.meta.url);
const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference;
const activations = Float32Array.from(reference.activations);

const close = (got: ArrayLike<number>, expected: readonly number[]) => {
  expect(got).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(got[i]! / Math.max(1, value)).toBeCloseTo(value / Math.max(1, value), 5));
};

test.each(reference.cases)(
  'power $power: sums over channels, stretched and resized, are NumPy’s and PyTorch’s',
  (one) => {
    const map = attentionMap(activations, reference.shape, one.power);
    expect([map.height, map.width]).toEqual([4, 5]);
    close(map.values, one.map);
    const shown = resized(stretched(map), 9, 13);
    expect([shown.height, shown.width]).toEqual([9, 13]);
    close(shown.values, one.shown);
  },
);

test('correlation is NumPy’s', () => {
  const [one, other] = reference.cases.map(({ map }) => Float32Array.from(map)) as [Float32Array, Float32Array];
  expect(correlation(one, other)).toBeCloseTo(reference.correlation, 5);
  expect(
    correlation(
      one,
      one.map((value) => 3 - 2 * value),
    ),
  ).toBeCloseTo(-1, 5);
  expect(correlation(one, new Float32Array(one.length))).toBeUndefined();
});

test('a map without any difference stays without one', () => {
  const flat: CellMap = { values: new Float32Array(4).fill(7), height: 2, width: 2 };
  expect([...stretched(flat).values]).toEqual([0, 0, 0, 0]);
  expect([...resized(flat, 3, 3).values]).toEqual(new Array<number>(9).fill(7));
});
