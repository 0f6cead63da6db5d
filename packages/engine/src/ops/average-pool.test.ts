import { expect, it } from 'vitest';
import { tf } from '../tensorflow.ts';
import { averagePool2d } from './average-pool.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';

it.each([
  { size: 3, stride: 2, pad: 'valid' as const },
  { size: 2, stride: 2, pad: 'same' as const },
])("averages as tfjs, with tfjs's gradient: size $size, stride $stride, $pad", ({ size, stride, pad }) => {
  const x = tf.randomNormal([2, 5, 5, 3], 0, 1, 'float32', 1);
  const ours = (x: tf.Tensor) => averagePool2d(x, { filterSize: [size, size], strides: [stride, stride], pad });
  const stock = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, size, stride, pad);
  expect(maxDifference(ours(x), stock(x))).toBe(0);
  const dy = tf.randomNormal(stock(x).shape, 0, 1, 'float32', 3);
  expect(maxDifference(tf.grad(ours)(x, dy), tf.grad(stock)(x, dy))).toBe(0);
  expect(gradientError(ours, [x])).toBeLessThan(2e-3);
});
