import { expect, test } from 'vitest';
import { elevenPointMean, envelopeArea } from '../measures/average-precision.ts';
import { judgeDetections, type Objects } from './precision.ts';

const boxes = (...all: number[][]) => Float32Array.from(all.flat());
const objects = (...all: (readonly [box: number[], difficult: boolean])[]): Objects => ({
  boxes: boxes(...all.map(([box]) => box)),
  difficult: all.map(([, difficult]) => Number(difficult)),
});

test('true, false, twice, difficult: PASCAL’s rules by hand', () => {
  const truths = [
    objects([[0, 0, 10, 10], false], [[20, 0, 30, 10], true]),
    objects([[0, 0, 10, 10], false], [[50, 50, 60, 60], false]),
  ];
  const { curve, outcomes } = judgeDetections(
    {
      images: [0, 0, 0, 1, 1, 1],
      boxes: boxes([0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 9], [0, 0, 10, 4], [50, 50, 60, 61], [90, 90, 99, 99]),
      scores: [0.9, 0.8, 0.95, 0.7, 0.6, 0.5],
    },
    truths,
  );
  // The difficult one is nothing; the second on the first object is false; 40 of 100 pixels are too few.
  expect(outcomes).toEqual(['true', 'false', 'ignored', 'false', 'true', 'false']);
  expect(curve).toEqual({
    positives: 3,
    points: [
      { right: 1, taken: 1 },
      { right: 1, taken: 2 },
      { right: 1, taken: 3 },
      { right: 2, taken: 4 },
      { right: 2, taken: 5 },
    ],
  });
  // Recall 1/3 at precision 1, 2/3 at 1/2, no more: recalls 0 to 0.3 give 1, 0.4 to 0.6 give 1/2.
  expect(elevenPointMean(curve)).toBeCloseTo((4 * 1 + 3 * 0.5) / 11, 12);
  expect(envelopeArea(curve)).toBeCloseTo(1 / 3 + 1 / 3 / 2, 12);
});

test('half is enough; a found object is not given to the next best; equal scores keep their order', () => {
  const one = [objects([[0, 0, 10, 10], false])];
  const judged = (scores: number[]) =>
    judgeDetections({ images: [0, 0], boxes: boxes([0, 0, 10, 20], [0, 0, 10, 10]), scores }, one).outcomes;
  expect(judged([2, 1])).toEqual(['true', 'false']);
  expect(judged([1, 1])).toEqual(['true', 'false']);
  expect(judged([1, 2])).toEqual(['false', 'true']);
  // The first overlaps the left object most, which is taken: the right one, with overlap one half too, is not asked.
  const two = [objects([[0, 0, 10, 10], false], [[0, 0, 10, 20], false])];
  const outcomes = judgeDetections(
    { images: [0, 0], boxes: boxes([0, 0, 10, 10], [0, 0, 10, 11]), scores: [2, 1] },
    two,
  ).outcomes;
  expect(outcomes).toEqual(['true', 'false']);
});

test('nothing found and nothing there', () => {
  const none = { images: [], boxes: boxes(), scores: [] };
  expect(envelopeArea(judgeDetections(none, [objects([[0, 0, 1, 1], false])]).curve)).toBe(0);
  expect(envelopeArea(judgeDetections(none, [objects([[0, 0, 1, 1], true])]).curve)).toBe(Number.NaN);
});
