import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { normalise } from './normalise.ts';

test('takes each channel’s mean away and divides by its deviation; a deviation of 0 counts as 1', () => {
  const pixels = tf.tensor4d([0, 100, 255, 50], [1, 1, 2, 2], 'int32');
  const result = normalise(pixels, { mean: [100, 50], std: [50, 0] });
  expect(result.dtype).toBe('float32');
  expect([...result.dataSync()].map((value) => Number(value.toFixed(4)))).toEqual([-2, 50, 3.1, 0]);
});

test('gives the bits of one subtraction and one product, and hands gradients to the pixels', () => {
  const pixels = Uint8Array.from({ length: 3 * 5 * 7 * 3 }, (_, i) => (i * 97) % 256);
  const [mean, std] = [
    [125.27, 122.93, 113.86],
    [62.53, 61.91, 66.46],
  ] as const;
  const images = tf.tensor4d(pixels, [3, 5, 7, 3], 'float32');
  const expected = Array.from(pixels, (value, i) => {
    const centred = Math.fround(value - Math.fround(mean[i % 3]!));
    return Math.fround(centred * Math.fround(1 / std[i % 3]!));
  });
  expect([...normalise(images, { mean, std }).dataSync()]).toEqual(expected);
  const gradient = tf
    .grad((x) => normalise(x as tf.Tensor4D, { mean, std }).sum())(images)
    .dataSync();
  gradient.forEach((value, i) => expect(value).toBeCloseTo(1 / std[i % 3]!, 6));
});
