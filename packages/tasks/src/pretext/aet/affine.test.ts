import { expect, test } from 'vitest';
import { affineCoefficients, affineParameters, affineTarget, drawAffine } from './affine.ts';

const ranges = { rotation: 180, translation: 0.2, scale: [0.7, 1.3], shear: 30 } as const;
const close = (found: readonly number[], expected: readonly number[], digits = 5) => {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => expect(value, `entry ${i}`).toBeCloseTo(expected[i]!, digits));
};

test('matrix and target are those of the released code', () => {
  const turned = { angle: 30, translation: [3, -2], scale: 1.1, shear: 10 } as const;
  close(affineCoefficients(turned, 32), [0.707147, 0.593367, -5.893191, -0.461558, 0.799441, 13.908476]);
  close(affineTarget(turned, ranges, 32), [0.866025, 0.5, 0.46875, -0.3125, 0.333333, 0.333333]);
  const quarter = { angle: 90, translation: [0, 0], scale: 1, shear: 0 } as const;
  close(affineCoefficients(quarter, 32), [0, 1, 0, -1, 0, 33]);
});

test('a target gives its parameters back', () => {
  const drawn = drawAffine([1, 2], 5, ranges, 32);
  const found = affineParameters(affineTarget(drawn, ranges, 32), ranges, 32);
  close(
    [found.angle, ...found.translation, found.scale, found.shear],
    [drawn.angle, ...drawn.translation, drawn.scale, drawn.shear],
  );
});

test('draws are functions of key and image, spread over their ranges, shifts in whole pixels', () => {
  expect(drawAffine([1, 2], 7, ranges, 32)).toEqual(drawAffine([1, 2], 7, ranges, 32));
  const draws = Array.from({ length: 4000 }, (_, image) => drawAffine([1, 2], image, ranges, 32));
  const targets = draws.map((one) => affineTarget(one, ranges, 32));
  const range = (values: number[]) => [Math.min(...values), Math.max(...values)];
  close(range(draws.map(({ angle }) => angle)), [-180, 180], -0.5);
  close(range(draws.map(({ scale }) => scale)), [0.7, 1.3], 2);
  close(range(draws.map(({ shear }) => shear)), [-30, 30], 0);
  expect(range(draws.flatMap(({ translation }) => translation))).toEqual([-6, 6]);
  expect(new Set(draws.map(({ translation }) => translation.join())).size).toBe(169);
  // The yardstick's figure for always predicting the mean.
  const variance = [0, 1, 2, 3, 4, 5].map((i) => {
    const mean = targets.reduce((sum, one) => sum + one[i]!, 0) / targets.length;
    return targets.reduce((sum, one) => sum + (one[i]! - mean) ** 2, 0) / targets.length;
  });
  expect(Math.abs(variance.reduce((sum, one) => sum + one) / 6 - 0.389)).toBeLessThan(0.01);
});

test('ranges of nothing give targets of nothing', () => {
  const fixed = { rotation: 10, translation: 0, scale: [1.1, 1.1], shear: 0 } as const;
  expect(affineTarget(drawAffine([3, 4], 0, fixed, 32), fixed, 32).slice(2)).toEqual([0, 0, 0, 0]);
});
