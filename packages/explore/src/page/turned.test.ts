import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { integer, randomKey } from '@selfsup/kit/random';
import { rotate } from '@selfsup/tasks/rotate';
import { turned } from './turned.ts';

const picture = (side: number, channels: number): Float32Array =>
  Float32Array.from({ length: side * side * channels }, (_, i) => integer(randomKey(3), 256, i));

test.each([0, 1, 2, 3])('after %i quarter turns it has the pixels that RotNet is trained on', (quarters) => {
  for (const [side, channels] of [
    [5, 3],
    [32, 1],
  ] as const) {
    const pixels = picture(side, channels);
    const expected = rotate(tf.tensor4d(pixels, [1, side, side, channels]), quarters).dataSync();
    expect(turned(pixels, side, channels, 90 * quarters)).toEqual(Float32Array.from(expected));
  }
});

test('between them it is bilinear: by 45° the centre of three stays, and the corners take what lies √2 away', () => {
  const pixels = Float32Array.from([0, 10, 0, 20, 100, 30, 0, 40, 0]);
  const result = turned(pixels, 3, 1, 45);
  expect(result[4]).toBeCloseTo(100, 4);
  // Top left shows what lies √2 above the centre: beyond the border, so the middle of the top edge.
  expect(result[0]).toBeCloseTo(10, 4);
});
