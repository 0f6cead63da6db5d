import { expect, test } from 'vitest';
import {
  coefficientsOf,
  drawProjective,
  projectiveCoefficients,
  standardise,
  usualStandardisation,
} from './projective.ts';

const usual = usualStandardisation(32);
const still = [0, 0, 0, 0, 0, 0, 0, 0];
const close = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(8);
  found.forEach((value, i) => expect(value, `entry ${i}`).toBeCloseTo(expected[i]!, 5));
};

test('coefficients and targets are those of the released code', () => {
  const identity = projectiveCoefficients({ scale: 1, turns: 0, shifts: still }, 32);
  close(identity, [1, 0, 0, 0, 1, 0, 0, 0]);
  close(standardise(identity, usual), [1, 0, -0.8, 0, 1, -0.8, 0, 0]);
  const turned = projectiveCoefficients({ scale: 1, turns: 1, shifts: still }, 32);
  close(turned, [0, 1, 0, -1, 0, 32, 0, 0]);
  close(standardise(turned, usual), [0, 1, -0.8, -1, 0, 0.8, 0, 0]);
  const moved = projectiveCoefficients({ scale: 0.9, turns: 2, shifts: [1, -2, 3, 4, -4, 0, 2, -1] }, 32);
  close(moved, [-0.924158, -0.033243, 30.010527, -0.20929, -0.93483, 33.178083, -0.005872, -0.005949]);
});

test('standardised as published for 32 pixels; a target gives its coefficients back', () => {
  expect(usual).toEqual({ mean: [0, 0, 16, 0, 0, 16, 0, 0], std: [1, 1, 20, 1, 1, 20, 0.015, 0.015] });
  const one = [0.9, 0.1, 3, -0.2, 1.1, -4, 0.01, -0.005];
  close(coefficientsOf(standardise(one, usual), usual), one);
});

test('draws are functions of key and image, spread over their ranges', () => {
  const ranges = { scale: [0.8, 1.2], jitter: 0.125, quarterTurns: true } as const;
  const draws = Array.from({ length: 4000 }, (_, image) => drawProjective([1, 2], image, ranges, 32));
  expect(drawProjective([1, 2], 9, ranges, 32)).toEqual(draws[9]);
  expect([...new Set(draws.flatMap(({ shifts }) => shifts))].sort((a, b) => a - b)).toEqual([
    -4, -3, -2, -1, 0, 1, 2, 3, 4,
  ]);
  expect([...new Set(draws.map(({ turns }) => turns))].sort()).toEqual([0, 1, 2, 3]);
  const scales = draws.map(({ scale }) => scale);
  expect(Math.min(...scales)).toBeCloseTo(0.8, 2);
  expect(Math.max(...scales)).toBeCloseTo(1.2, 2);
  // The yardstick's figure for always predicting the mean.
  const targets = draws.map((draw) => standardise(projectiveCoefficients(draw, 32), usual));
  const variance = usual.mean.map((_, i) => {
    const mean = targets.reduce((sum, one) => sum + one[i]!, 0) / targets.length;
    return targets.reduce((sum, one) => sum + (one[i]! - mean) ** 2, 0) / targets.length;
  });
  expect(Math.abs(variance.reduce((sum, one) => sum + one) / 8 - 0.513)).toBeLessThan(0.015);
  const upright = drawProjective([1, 2], 9, { ...ranges, quarterTurns: false }, 32);
  expect(upright).toEqual({ ...draws[9], turns: 0 });
});
