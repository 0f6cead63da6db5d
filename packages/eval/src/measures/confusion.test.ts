import { expect, test } from 'vitest';
import { confusionOf, top1 } from './confusion.ts';

test('counts by true class and prediction, worked out by hand', () => {
  const labels = [0, 0, 0, 1, 1, 2];
  const predicted = [0, 1, 0, 1, 2, 0];
  expect(confusionOf(labels, predicted, 3)).toEqual([
    [2, 1, 0],
    [0, 1, 1],
    [1, 0, 0],
  ]);
  expect(top1(confusionOf(labels, predicted, 3))).toBeCloseTo(50, 10);
});

test('refuses classes outside the range and lists of different lengths', () => {
  expect(() => confusionOf([0, 3], [0, 0], 3)).toThrow('Image 1');
  expect(() => confusionOf([0], [0, 1], 2)).toThrow(RangeError);
});
