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

// A filter of 2.7 million numbers at few places: a product of patches where that is faster.
describe.each([
  { side: 6, stride: 2, padding: 'same' as const },
  { side: 11, stride: 2, padding: 'valid' as const },
  { side: 4, stride: 1, padding: 'same' as const },
])('convolve2d of a large filter, $side×$side pixels, stride $stride, $padding', ({ side, stride, padding }) => {
  const [channels, filters] = [180, 600];
  const exact = (tensor: tf.Tensor) => tensor.mul(8).round().div(8) as tf.Tensor4D;
  const image = exact(tf.randomNormal([2, side, side, channels], 0, 1, 'float32', 1));
  const filter = exact(tf.randomNormal([5, 5, channels, filters], 0, 1, 'float32', 2));

  it('equals TensorFlow’s, gradients included, to the bit where all sums are exact', () => {
    tf.tidy(() => {
      const strides: [number, number] = [stride, stride];
      const ours = convolve2d(image, filter, { strides, padding });
      expect(maxDifference(ours, tf.conv2d(image, filter, strides, padding))).toBe(0);
      const dy = exact(tf.randomNormal(ours.shape, 0, 1, 'float32', 3));
      const got = tf.grads((x, f) => convolve2d(x!, f!, { strides, padding }))([image, filter], dy);
      const stock = tf.grads((x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, strides, padding));
      const expected = stock([image, filter], dy);
      for (let i = 0; i < 2; i++) expect(maxDifference(got[i]!, expected[i]!)).toBe(0);
    });
  });

  it('is what the gradients of a transposed convolution are', () => {
    tf.tidy(() => {
      const strides: [number, number] = [stride, stride];
      const ofImage = convolve2d(image, filter, { strides, padding });
      const dy = exact(tf.randomNormal(ofImage.shape, 0, 1, 'float32', 3));
      const [ofDy, ofFilter] = tf.grads((dy, f) =>
        tf.conv2dTranspose(dy as tf.Tensor4D, f as tf.Tensor4D, image.shape, strides, padding),
      )([dy, filter], image);
      expect(maxDifference(ofDy!, ofImage)).toBe(0);
      const ofConvolution = tf.grad((f) => convolve2d(image, f, { strides, padding }))(filter, dy);
      expect(maxDifference(ofFilter!, ofConvolution)).toBe(0);
    });
  });
});
