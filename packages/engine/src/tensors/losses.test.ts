import { describe, expect, it } from 'vitest';
import { sigmoidCrossEntropy, sparseSoftmaxCrossEntropy } from './losses.ts';
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

describe('sigmoidCrossEntropy', () => {
  const targets = tf.tensor1d([1, 0, 1, 0, 0.25]);

  it('is what it says, for logits of any size', () => {
    const found = sigmoidCrossEntropy(targets, tf.tensor1d([0.5, -2, 100, 100, 0])).dataSync();
    const plain = (t: number, z: number) =>
      -t * Math.log(1 / (1 + Math.exp(-z))) - (1 - t) * Math.log(1 / (1 + Math.exp(z)));
    [plain(1, 0.5), plain(0, -2), 0, 100, Math.log(2)].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
  });

  it('has the gradient sigmoid − target', () => {
    const z = tf.tensor1d([0.5, -2, 30, -30, 0]);
    const gradient = tf.grad((v: tf.Tensor) => sigmoidCrossEntropy(targets, v).sum())(z);
    expect(maxDifference(gradient, z.sigmoid().sub(targets))).toBeLessThan(1e-6);
  });
});
