import { describe, expect, it } from 'vitest';
import { tf } from '../tensorflow.ts';
import { batchNorm4d } from './batch-norm.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';

const epsilon = 1e-5;
const x = tf.randomNormal([4, 3, 5, 6], 1, 2, 'float32', 1);
const scale = tf.randomUniform([6], 0.5, 2, 'float32', 2);
const offset = tf.randomNormal([6], 0, 1, 'float32', 3);
const mean = tf.randomNormal([6], 0, 1, 'float32', 4);
const variance = tf.randomUniform([6], 0.5, 2, 'float32', 5);
const attributes = (training: boolean) => ({ epsilon, decay: 0.9, training, relu: false });

describe('batchNorm4d in training', () => {
  it("normalises like tfjs's own composition, gradients included", () => {
    const stock = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => {
      const moments = tf.moments(x, [0, 1, 2]);
      const standard = x.sub(moments.mean).div(moments.variance.add(epsilon).sqrt());
      return standard.mul(scale).add(offset);
    };
    const ours = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
      batchNorm4d({ x, scale, offset, mean, variance }, attributes(true)).y;
    expect(maxDifference(ours(x, scale, offset), stock(x, scale, offset))).toBeLessThan(1e-5);
    const loss = (f: typeof ours) => tf.grads((...at) => f(at[0]!, at[1]!, at[2]!).sin().sum());
    const [expected, got] = [loss(stock)([x, scale, offset]), loss(ours)([x, scale, offset])];
    for (let i = 0; i < 3; i++) expect(maxDifference(got[i]!, expected[i]!)).toBeLessThan(1e-4);
  });

  it('has the gradient of finite differences', () => {
    const f = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
      batchNorm4d({ x, scale, offset, mean, variance }, attributes(true)).y;
    expect(gradientError(f, [x, scale, offset])).toBeLessThan(2e-3);
  });

  it('moves the averages, with the unbiased variance', () => {
    const moved = batchNorm4d({ x, scale, offset, mean, variance }, attributes(true));
    const batch = tf.moments(x, [0, 1, 2]);
    const n = 4 * 3 * 5;
    expect(maxDifference(moved.mean, mean.mul(0.9).add(batch.mean.mul(0.1)))).toBeLessThan(1e-5);
    const unbiased = batch.variance.mul(n / (n - 1));
    expect(maxDifference(moved.variance, variance.mul(0.9).add(unbiased.mul(0.1)))).toBeLessThan(1e-5);
  });
});

describe('batchNorm4d in inference', () => {
  const f = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
    batchNorm4d({ x, scale, offset, mean, variance }, attributes(false)).y;

  it('normalises with the averages and leaves them', () => {
    const expected = x.sub(mean).div(variance.add(epsilon).sqrt()).mul(scale).add(offset);
    expect(maxDifference(f(x, scale, offset), expected)).toBeLessThan(1e-5);
    const result = batchNorm4d({ x, scale, offset, mean, variance }, attributes(false));
    expect(maxDifference(result.mean, mean)).toBe(0);
    expect(maxDifference(result.variance, variance)).toBe(0);
  });

  it('has the gradient of finite differences', () => {
    expect(gradientError(f, [x, scale, offset])).toBeLessThan(2e-3);
  });
});

describe.each([true, false])('batchNorm4d with a ReLU, training %s', (training) => {
  const run = (relu: boolean) => (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
    batchNorm4d({ x, scale, offset, mean, variance }, { epsilon, decay: 0.9, training, relu });

  it('equals the two one after the other, gradients included', () => {
    const fused = run(true)(x, scale, offset);
    const apart = run(false)(x, scale, offset);
    expect(maxDifference(fused.y, apart.y.relu())).toBeLessThan(1e-5);
    expect(maxDifference(fused.mean, apart.mean)).toBeLessThan(1e-6);
    expect(maxDifference(fused.variance, apart.variance)).toBeLessThan(1e-5);
    const gradients = (f: (...at: [tf.Tensor, tf.Tensor, tf.Tensor]) => tf.Tensor) =>
      tf.grads((...at) => f(at[0]!, at[1]!, at[2]!).square().sum())([x, scale, offset]);
    const expected = gradients((...at) => run(false)(...at).y.relu());
    gradients((...at) => run(true)(...at).y).forEach((got, i) => {
      expect(maxDifference(got, expected[i]!)).toBeLessThan(1e-3);
    });
  });
});
