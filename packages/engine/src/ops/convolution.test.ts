import { describe, expect, it } from 'vitest';
import { tf } from '../tensorflow.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';
import { convolve2d } from './convolution.ts';

const x = tf.randomNormal([2, 6, 5, 3], 0, 1, 'float32', 1) as tf.Tensor4D;

describe.each([
  { size: 1, stride: 1, padding: 'same' as const },
  { size: 1, stride: 2, padding: 'valid' as const },
  { size: 3, stride: 1, padding: 'same' as const },
  { size: 3, stride: 2, padding: 'valid' as const },
])('convolve2d, $size×$size, stride $stride, $padding', ({ size, stride, padding }) => {
  const filter = tf.randomNormal([size, size, 3, 4], 0, 1, 'float32', 2) as tf.Tensor4D;
  const ours = (x: tf.Tensor, filter: tf.Tensor) => convolve2d(x, filter, { strides: [stride, stride], padding });
  const stock = (x: tf.Tensor, filter: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, padding);

  it("equals tfjs's, gradients included", () => {
    expect(maxDifference(ours(x, filter), stock(x, filter))).toBeLessThan(1e-5);
    const gradients = (f: typeof ours | typeof stock) => tf.grads((a, b) => f(a!, b!).square().sum())([x, filter]);
    const [expected, got] = [gradients(stock), gradients(ours)];
    for (let i = 0; i < 2; i++) expect(maxDifference(got[i]!, expected[i]!)).toBeLessThan(1e-3);
  });

  it('has the gradient of finite differences', () => {
    expect(gradientError(ours, [x, filter])).toBeLessThan(2e-3);
  });
});
