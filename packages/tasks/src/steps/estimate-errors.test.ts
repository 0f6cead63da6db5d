import { expect, test } from 'vitest';
import { directions, EstimateErrors } from './estimate-errors.ts';

test('errors, those of the mean, and the part of the variance explained', () => {
  const errors = new EstimateErrors(2);
  errors.add([1, 10, 2, 10], [1, 8, 3, 12]);
  errors.add([5, 10], [5, 10]);
  const groups = { first: [0], second: [1], both: [0, 1] };
  const measures = errors.measures(groups);
  // Component 0: targets 1, 3, 5, errors 0, 1, 0. Component 1: targets 8, 12, 10, errors 4, 4, 0.
  expect(measures['mse']).toBeCloseTo((1 + 8) / 3 / 2, 12);
  expect(measures['predict-the-mean-mse']).toBeCloseTo((8 + 8) / 3 / 2, 12);
  expect(measures['r2-first']).toBeCloseTo(1 - 1 / 8, 12);
  expect(measures['r2-second']).toBeCloseTo(0, 12);
  expect(measures['r2-both']).toBeCloseTo(1 - 9 / 16, 12);
  expect(Object.keys(directions(groups)).sort()).toEqual(Object.keys(measures).sort());
});

test('a component that does not vary explains nothing', () => {
  const errors = new EstimateErrors(1);
  errors.add([0.5, 0.5], [0, 0]);
  expect(errors.measures({ shear: [0] })['r2-shear']).toBe(0);
});
