import { expect, test } from 'vitest';
import { accuracy, metricValues } from '@selfsup/kit/metric';
import { randomKey } from '@selfsup/kit/random';
import { drawMetrics, overDraws, perClassSchema, rowsByClass, shuffledByClass } from './class-draws.ts';

const labels = Int32Array.from({ length: 60 }, (_, i) => (i * 7) % 3);
const classes = ['a', 'b', 'c'];

test('every class gives each of its rows once, in an order that is a function of the key', () => {
  const rows = rowsByClass(labels, classes, [20], 'perClass');
  const drawn = shuffledByClass(rows, randomKey(3));
  drawn.forEach((own, label) => {
    expect([...own].every((row) => labels[row] === label)).toBe(true);
    expect([...own].sort((a, b) => a - b)).toEqual([...rows[label]!]);
    expect([...own]).not.toEqual([...rows[label]!]);
  });
  expect(shuffledByClass(rows, randomKey(3))).toEqual(drawn);
  expect(shuffledByClass(rows, randomKey(4))).not.toEqual(drawn);
});

test('a number above the smallest class is refused with its name', () => {
  const few = labels.map((label, row) => (label === 1 && row > 20 ? 0 : label));
  expect(() => rowsByClass(few, classes, [1, 8], 'shots')).toThrow(
    expect.objectContaining({
      message: "8 images per class, but class 'b' has only 7 to train on",
      field: 'shots',
      remedy: 'Ask for at most 7, or choose more training images.',
    }),
  );
  expect(() => perClassSchema.parse([5, 5])).toThrow(/named twice/);
  expect(() => perClassSchema.parse([0])).toThrow();
});

test('mean and deviation', () => {
  const { mean, deviation } = overDraws([2, 4, 4, 4, 5, 5, 7, 9]);
  expect(mean).toBe(5);
  expect(deviation).toBeCloseTo(Math.sqrt(32 / 7), 12);
  const about = { head: 'h', measure: 'm', ...accuracy };
  expect(metricValues(drawMetrics(about, [3]))).toEqual({ 'h/m': 3 });
  expect(metricValues(drawMetrics(about, [1, 3]))).toEqual({ 'h/m': 2, 'h/m-deviation': Math.SQRT2 });
});
