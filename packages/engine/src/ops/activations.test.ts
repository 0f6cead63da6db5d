import { describe, expect, it } from 'vitest';
import { tf } from '../tensorflow.ts';
import { gradientError, maxDifference } from '../testing/checks.ts';

// Away from the kink, where finite differences are right.
const x = tf.tidy(() => {
  const values = tf.randomNormal([3, 5, 7], 0, 1, 'float32', 8);
  return values.add(values.sign().mul(0.2));
});

describe.each([
  { name: 'relu', f: (v: tf.Tensor) => tf.relu(v), slope: 0 },
  { name: 'leakyRelu', f: (v: tf.Tensor) => tf.leakyRelu(v, 0.1), slope: 0.1 },
])('the gradient of $name', ({ f, slope }) => {
  it('is that of finite differences', () => {
    expect(gradientError(f, [x])).toBeLessThan(1e-3);
  });

  it('is the step function', () => {
    const dy = tf.randomNormal(x.shape, 0, 1, 'float32', 9);
    const expected = dy.mul(
      x
        .greater(0)
        .cast('float32')
        .mul(1 - slope)
        .add(slope),
    );
    expect(maxDifference(tf.grad(f)(x, dy), expected)).toBeLessThan(1e-6);
  });
});
