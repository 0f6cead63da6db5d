import { expect, test } from 'vitest';
import { cornersBy, transformationsOf } from './transformations.ts';

const side = 32;
const kinds = {
  affine: transformationsOf(
    { transformation: 'affine', loss: 'parameters', rotation: 180, translation: 0.2, scale: [0.7, 1.3], shear: 30 },
    side,
  ),
  projective: transformationsOf(
    { transformation: 'projective', loss: 'matrix', scale: [0.8, 1.2], jitter: 0.125, quarterTurns: true },
    side,
  ),
};

test.each([
  ['affine', [170, 3, -2, 0.8, 12]],
  ['projective', [2, 3, -2, 1, 0, -2, 3, 0]],
] as const)('a corner of an %s transformation that is pulled comes to lie where it is let go', (kind, values) => {
  const { mapOf, pulled } = kinds[kind];
  for (const corner of [0, 1, 2, 3]) {
    const [x, y] = cornersBy(mapOf(pulled(values, corner, [5.5, 27])), side)[corner]!;
    expect([x, y]).toEqual([expect.closeTo(5.5, 9), expect.closeTo(27, 9)]);
  }
});

test('where an affine corner is pulled, the shear and the place of the middle stay', () => {
  const [angle, right, down, , sheared] = kinds.affine.pulled([170, 3, -2, 0.8, 12], 1, [5.5, 27]);
  expect([right, down, sheared]).toEqual([3, -2, 12]);
  expect(Math.abs(angle!)).toBeLessThanOrEqual(180);
});
