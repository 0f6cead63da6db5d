import { describe, expect, it } from 'vitest';
import { kernel, int, type } from '../kernel.ts';
import { permutation, randomKey } from '@selfsup/kit/random';
import { tf } from '../tensorflow.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';
import { maxPool2d } from './max-pool.ts';

describe.each([
  { size: 3, stride: 2, padding: 'valid' as const },
  { size: 2, stride: 2, padding: 'same' as const },
  { size: 3, stride: 1, padding: 'same' as const },
])('the gradient of max pooling, size $size, stride $stride, $padding', ({ size, stride, padding }) => {
  // A shuffled grid: neighbours differ by more than the steps of finite differences.
  const values = [...permutation(randomKey(1), 5 * 5 * 5)].map((value) => value / 10);
  const x = tf.tensor4d(values, [1, 5, 5, 5]);
  const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, size, stride, padding);

  it("equals TensorFlow's own op", () => {
    const y = pool(x);
    const dy = tf.randomNormal(y.shape, 0, 1, 'float32', 3);
    const attributes = {
      T: type('float32'),
      ksize: int([1, size, size, 1]),
      strides: int([1, stride, stride, 1]),
      padding: padding.toUpperCase(),
    };
    expect(maxDifference(tf.grad(pool)(x, dy), kernel('MaxPoolGrad', attributes, [x, y, dy])[0]!)).toBeLessThan(1e-5);
  });

  it('is that of finite differences', () => {
    expect(gradientError(pool, [x])).toBeLessThan(2e-3);
  });

  it('is the same where the places of the maxima are kept, as are the maxima', () => {
    const keeping = (x: tf.Tensor) => maxPool2d(x, { filterSize: size, strides: stride, pad: padding });
    expect(maxDifference(keeping(x), pool(x))).toBe(0);
    const dy = tf.randomNormal(pool(x).shape, 0, 1, 'float32', 3);
    expect(maxDifference(tf.grad(keeping)(x, dy), tf.grad(pool)(x, dy))).toBe(0);
  });
});
