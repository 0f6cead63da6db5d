import { describe, expect, it } from 'vitest';
import { sparseSoftmaxCrossEntropy } from './losses.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';
import { tf } from '../tensorflow.ts';

const logits = tf.randomNormal([6, 4], 0, 2, 'float32', 11);
const labels = tf.tensor1d([0, 3, 1, 1, 2, 0], 'int32');

describe('sparseSoftmaxCrossEntropy', () => {
  it("equals tfjs's dense form, gradient included", () => {
    const dense = (v: tf.Tensor) => tf.logSoftmax(v).mul(tf.oneHot(labels, 4)).sum(1).neg();
    const ours = (v: tf.Tensor) => sparseSoftmaxCrossEntropy(labels, v);
    expect(maxDifference(ours(logits), dense(logits))).toBeLessThan(1e-5);
    const gradient = (f: (v: tf.Tensor) => tf.Tensor) => tf.grad((v) => f(v).square().sum())(logits);
    expect(maxDifference(gradient(ours), gradient(dense))).toBeLessThan(1e-4);
  });

  it('has the gradient of finite differences', () => {
    expect(gradientError((v) => sparseSoftmaxCrossEntropy(labels, v), [logits])).toBeLessThan(1e-3);
  });

  it('refuses labels of another type or out of range', () => {
    expect(() => sparseSoftmaxCrossEntropy(tf.tensor1d([0.0]), tf.zeros([1, 3]))).toThrow(/int32/);
    expect(() => sparseSoftmaxCrossEntropy(tf.tensor1d([3], 'int32'), tf.zeros([1, 3]))).toThrow(/label/);
  });
});
