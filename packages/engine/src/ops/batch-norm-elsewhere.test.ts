import { expect, test, vi } from 'vitest';
import { gradientError, maxDifference } from '../testing/checks.ts';
import { tf } from '../tensorflow.ts';

// As on a GPU, and with the addon of the npm package.
vi.mock('./one-dnn.ts', () => ({ onceOnCpu: () => () => false }));
const { batchNorm4d } = await import('./batch-norm.ts');

const epsilon = 1e-5;
const x = tf.randomNormal([4, 3, 5, 6], 1, 2, 'float32', 1);
const scale = tf.randomUniform([6], 0.5, 2, 'float32', 2);
const offset = tf.randomNormal([6], 0, 1, 'float32', 3);
const [mean, variance] = [tf.zeros([6]), tf.ones([6])];

test('where our op is missing TensorFlow’s does the same, and the ReLU after it', () => {
  const f = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
    batchNorm4d({ x, scale, offset, mean, variance }, { epsilon, decay: 0.9, training: true, relu: true });
  const { mean: centre, variance: spread } = tf.moments(x, [0, 1, 2]);
  const expected = x.sub(centre).div(spread.add(epsilon).sqrt()).mul(scale).add(offset).relu();
  const found = f(x, scale, offset);
  expect(maxDifference(found.y, expected)).toBeLessThan(1e-5);
  expect(maxDifference(found.mean, centre.mul(0.1))).toBeLessThan(1e-5);
  expect(maxDifference(found.variance, spread.mul((0.1 * 60) / 59).add(0.9))).toBeLessThan(1e-5);
  const smooth = (...at: [tf.Tensor, tf.Tensor, tf.Tensor]) =>
    batchNorm4d(
      { x: at[0], scale: at[1], offset: at[2], mean, variance },
      { epsilon, decay: 0.9, training: true, relu: false },
    ).y;
  expect(gradientError(smooth, [x, scale, offset])).toBeLessThan(2e-3);
});
