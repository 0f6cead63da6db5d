import { expect, test } from 'vitest';
import {
  averagePrecision,
  drawnPoints,
  elevenPointMean,
  envelopeArea,
  plainArea,
  ranked,
  rankingCurve,
} from './average-precision.ts';

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
  expect(envelopeArea(rankingCurve(truths, scores))).toBeCloseTo(2 / 3, 12);
  expect(envelopeArea(rankingCurve([true, true, false], scores))).toBe(1);
});

test('eleven points: the greatest precision at each tenth of recall or beyond', () => {
  const down = (flags: string) => {
    const truths = [...flags].map((flag) => flag === '+');
    const scores = truths.map((_, i) => -i);
    return elevenPointMean(rankingCurve(truths, scores));
  };
  expect(down('+++')).toBe(1);
  expect(down('-+')).toBeCloseTo(1 / 2, 12);
  // Recall 1/2 at precision 1, recall 1 at 2/4: six points (0 to 0.5) of 1, five of 1/2.
  expect(down('+--+')).toBeCloseTo((6 * 1 + 5 * 0.5) / 11, 12);
  // Three of ten are a recall of 0.3 exactly: four points (0 to 0.3) of 1, the other seven of 10/11.
  expect(down('+++-+++++++')).toBeCloseTo((4 * 1 + 7 * (10 / 11)) / 11, 12);
});

test('the worked example of Object-Detection-Metrics: 24 detections of 15 objects', () => {
  // rafaelpadilla/Object-Detection-Metrics, README: right are those at these places, by score. The page says 26.84 % and 24.56 %.
  const places = [1, 3, 10, 12, 13, 14, 23];
  const points = Array.from({ length: 24 }, (_, i) => ({
    right: places.filter((place) => place <= i + 1).length,
    taken: i + 1,
  }));
  const curve = { positives: 15, points };
  expect(100 * elevenPointMean(curve)).toBeCloseTo(26.84, 2);
  // Its areas are rounded to four places before they are added up.
  expect(Math.abs(100 * envelopeArea(curve) - 24.56)).toBeLessThan(0.01);
});

test('nothing can be said without positives', () => {
  for (const measure of [plainArea, envelopeArea, elevenPointMean])
    expect(measure(rankingCurve([0, 0], [1, 2]))).toBe(Number.NaN);
});

test('a drawn curve has recall and precision, a hundred points or so and its end', () => {
  // Wrong, right, right: precision 0, 1/2, 2/3 at recall 0, 1/2, 1.
  expect(drawnPoints(rankingCurve([false, true, true], [3, 2, 1]))).toEqual([
    [0, 0],
    [1 / 2, 1 / 2],
    [1, 2 / 3],
  ]);
  const many = Array.from({ length: 1000 }, (_, i) => -i);
  const drawn = drawnPoints(rankingCurve(new Array(1000).fill(true), many));
  expect(drawn.length).toBeGreaterThan(90);
  expect(drawn.length).toBeLessThanOrEqual(101);
  expect(drawn.at(-1)).toEqual([1, 1]);
  expect(drawnPoints({ positives: 0, points: [{ right: 0, taken: 1 }] })).toEqual([[0, 0]]);
});

test('unequal lengths are refused', () => {
  expect(() => averagePrecision([true], [1, 2])).toThrow(RangeError);
});

test('of rows of equal score the lower comes first', () => {
  expect(ranked([1, 2, 2, 0])).toEqual([1, 2, 0, 3]);
});
