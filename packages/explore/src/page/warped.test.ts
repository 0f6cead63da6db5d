import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { integer, randomKey } from '@selfsup/kit/random';
import { affineCoefficients, projectiveCoefficients } from '@selfsup/tasks/aet-descriptions';
import { warp } from '@selfsup/tasks/warp';
import { inverted, ledTo, warped } from './warped.ts';

const side = 12;
const pixels = Float32Array.from({ length: side * side * 3 }, (_, i) => integer(randomKey(4), 256, i));
const affine = affineCoefficients({ angle: 33, translation: [2, -1], scale: 0.8, shear: 12 }, side);
const projective = projectiveCoefficients({ scale: 0.9, turns: 1, shifts: [1, 0, -1, 1, 0, 1, 1, -1] }, side);

test.each([
  ['affine', affine],
  ['projective', projective],
])('an %s map gives the picture that the network is trained on', (_kind, map) => {
  const expected = warp(tf.tensor4d(pixels, [1, side, side, 3]), [map]).dataSync();
  warped(pixels, side, 3, map).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 2));
});

test.each([
  ['affine', affine],
  ['projective', projective],
])('the way back of an %s map leads back', (_kind, map) => {
  const [x, y] = ledTo(inverted(map), ledTo(map, [3.25, 7.5]));
  expect([x, y]).toEqual([expect.closeTo(3.25, 9), expect.closeTo(7.5, 9)]);
});
