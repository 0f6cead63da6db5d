import { describe, expect, it } from 'vitest';
import { tf } from '../tensorflow.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';
import { convolve2d, type ConvolutionAttributes } from './convolution.ts';
import { convolveGroups2d, convolveParts } from './grouped-convolution.ts';

/** The definition: an ordinary convolution whose filter is 0 wherever input and output belong to different groups. */
function withZeros(filter: tf.Tensor, groups: number): tf.Tensor {
  const outputs = filter.shape[3]! / groups;
  const parts = tf.split(filter, groups, 3).map((part, group) =>
    tf.pad(part, [
      [0, 0],
      [0, 0],
      [0, 0],
      [group * outputs, (groups - 1 - group) * outputs],
    ]),
  );
  return tf.concat(parts, 2);
}

describe.each([
  { size: 3, stride: 1, padding: 'same' as const, groups: 2 },
  { size: 5, stride: 2, padding: 'valid' as const, groups: 3 },
  { size: 1, stride: 1, padding: 'same' as const, groups: 2 },
])('convolveGroups2d, $size×$size, stride $stride, $padding, $groups groups', ({ size, stride, padding, groups }) => {
  const attributes: ConvolutionAttributes = { strides: [stride, stride], padding };
  const x = tf.randomNormal([2, 7, 6, 6], 0, 1, 'float32', 1);
  const filter = tf.randomNormal([size, size, 6 / groups, 12], 0, 1, 'float32', 2);
  const ours = (x: tf.Tensor, filter: tf.Tensor) => convolveGroups2d(x, filter, groups, attributes);
  const parts = (x: tf.Tensor, filter: tf.Tensor) => convolveParts(x, filter, groups, attributes);

  it.each([
    ['as the library serves', ours],
    ['split and joined', parts],
  ])('%s equals a convolution with zeros between the groups, gradients included', (_, ours) => {
    const full = (x: tf.Tensor, filter: tf.Tensor) => convolve2d(x, withZeros(filter, groups), attributes);
    expect(maxDifference(ours(x, filter), full(x, filter))).toBeLessThan(1e-5);
    const gradients = (f: typeof ours) => tf.grads((a, b) => f(a!, b!).square().sum())([x, filter]);
    const [expected, got] = [gradients(full), gradients(ours)];
    for (let i = 0; i < 2; i++) expect(maxDifference(got[i]!, expected[i]!)).toBeLessThan(2e-3);
  });

  it('has the gradient of finite differences', () => {
    expect(gradientError(ours, [x, filter])).toBeLessThan(2e-3);
  });
});

it('refuses groups that do not divide the channels', () => {
  const filter = tf.zeros([1, 1, 2, 4]);
  const attributes: ConvolutionAttributes = { strides: [1, 1], padding: 'valid' };
  expect(() => convolveGroups2d(tf.zeros([1, 2, 2, 5]), filter, 2, attributes)).toThrow(/2 groups do not fit 5/);
  expect(() => convolveGroups2d(tf.zeros([1, 2, 2, 4]), tf.zeros([1, 1, 2, 3]), 2, attributes)).toThrow(RangeError);
});
