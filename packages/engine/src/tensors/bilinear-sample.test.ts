import { expect, test } from 'vitest';
import { bilinearSample } from './bilinear-sample.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';
import { tf } from '../tensorflow.ts';

const images = tf.randomUniform<tf.Rank.R4>([2, 5, 4, 3], 0, 1, 'float32', 1);

test('whole positions give pixels, those between their mixture, those outside the border', () => {
  const image = tf.tensor4d([1, 2, 4, 8, 16, 32], [1, 2, 3, 1]);
  const positions = tf.tensor4d([0, 0, 2, 1, 1.5, 0, 0, 0.25, 0.5, 0.5, -3, 0.5, 9, 9], [1, 1, 7, 2]);
  const expected = [1, 32, 3, 0.75 * 1 + 0.25 * 8, (1 + 2 + 8 + 16) / 4, 4.5, 32];
  expect(maxDifference(bilinearSample(image, positions), tf.tensor4d(expected, [1, 1, 7, 1]))).toBeLessThan(1e-6);
});

test('each image by its own positions; sampled at its own pixels it stays as it is', () => {
  const grid = tf.stack(tf.meshgrid(tf.range(0, 4), tf.range(0, 5)), 2).expandDims(0);
  const positions = tf.tile(grid, [2, 1, 1, 1]) as tf.Tensor4D;
  expect(maxDifference(bilinearSample(images, positions), images)).toBeLessThan(1e-6);
});

test('the gradient is that of finite differences, and nothing outside', () => {
  // Between pixels, where the function has a derivative.
  const positions = tf.randomUniform([2, 3, 2, 2], 0.1, 0.9, 'float32', 2).add(tf.tensor4d([1, 2], [1, 1, 1, 2]));
  const f = (at: tf.Tensor) => bilinearSample(images, at as tf.Tensor4D);
  expect(gradientError(f, [positions], { step: 1e-2 })).toBeLessThan(2e-3);
  const outside = tf.fill([2, 1, 1, 2], -2);
  expect(
    tf
      .grad((at) => f(at).sum())(outside)
      .abs()
      .max()
      .dataSync()[0],
  ).toBe(0);
});
