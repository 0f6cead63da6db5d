import { expect, test } from 'vitest';
import { averagePrecision, envelopePrecision } from './average-precision.ts';

test('the example of scikit-learn’s documentation', () => {
  expect(averagePrecision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).toBeCloseTo(0.8333333, 6);
});

test('rows of equal score are taken together', () => {
  // One step to recall 1 at precision 1/2, whatever the order of the rows.
  expect(averagePrecision([true, false], [3, 3])).toBe(0.5);
  expect(averagePrecision([false, true], [3, 3])).toBe(0.5);
});

test('the envelope takes the greatest precision at a recall or beyond', () => {
  // In order: wrong, right, right. Precision 1/2 at recall 1/2, 2/3 at recall 1.
  const truths = [false, true, true];
  const scores = [3, 2, 1];
  expect(averagePrecision(truths, scores)).toBeCloseTo(0.5 * 0.5 + 0.5 * (2 / 3), 12);
  expect(envelopePrecision(truths, scores)).toBeCloseTo(2 / 3, 12);
  expect(envelopePrecision([true, true, false], scores)).toBe(1);
});

test('unequal lengths are refused', () => {
  expect(() => averagePrecision([true], [1, 2])).toThrow(RangeError);
});
