import { expect, test } from 'vitest';
import { segmentationScores } from './segmentation.ts';

test('three classes by hand', () => {
  // Class 0: 6 pixels, 4 right, 2 said to be class 1. Class 1: 4 pixels, 3 right, 1 said to be class 0. Class 2 is not there.
  const { pixelAccuracy, meanAccuracy, meanIu, weightedIu, ofClasses } = segmentationScores(
    [4, 2, 0, 1, 3, 0, 0, 0, 0],
    3,
  );
  expect(pixelAccuracy).toBeCloseTo(7 / 10, 12);
  expect(meanAccuracy).toBeCloseTo((4 / 6 + 3 / 4) / 2, 12);
  expect(ofClasses).toEqual([4 / 7, 3 / 6, Number.NaN]);
  expect(meanIu).toBeCloseTo((4 / 7 + 3 / 6) / 2, 12);
  expect(weightedIu).toBeCloseTo((6 * (4 / 7) + 4 * (3 / 6)) / 10, 12);
});

test('a class that was said but is not there counts as 0 in the mean of unions, not in that of accuracies', () => {
  const { meanAccuracy, meanIu } = segmentationScores([3, 1, 0, 0], 2);
  expect(meanAccuracy).toBeCloseTo(3 / 4, 12);
  expect(meanIu).toBeCloseTo(3 / 4 / 2, 12);
});
