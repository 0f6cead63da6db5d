import { describe, expect, it } from 'vitest';
import { deviceNormal, deviceUniform } from './device-random.ts';
import { philox, randomKey } from '@selfsup/kit/random';
import { tf } from '../tensorflow.ts';

describe('deviceUniform', () => {
  it('is the Philox stream of its key', () => {
    const key = randomKey(5, 'mask');
    const words = [0, 1, 2].flatMap((block) => philox([block, 0, 0, 0], key));
    // TensorFlow puts the low 23 bits of each word into the mantissa of a number in [1, 2).
    expect([...deviceUniform(key, [3, 4]).dataSync()]).toEqual(words.map((word) => (word & 0x7fffff) / 2 ** 23));
  });

  it('scales to its range', () => {
    const values = [...deviceUniform(randomKey(1), [5000], -2, 4).dataSync()];
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...values)).toBeLessThan(4);
    expect(Math.abs(values.reduce((sum, v) => sum + v, 0) / 5000 - 1)).toBeLessThan(0.1);
  });
});

describe('deviceNormal', () => {
  it('has its mean and deviation, and repeats for its key', () => {
    const sample = deviceNormal(randomKey(2), [10_000], 3, 2);
    const { mean, variance } = tf.moments(sample);
    expect(Math.abs(mean.dataSync()[0]! - 3)).toBeLessThan(0.1);
    expect(Math.abs(variance.dataSync()[0]! - 4)).toBeLessThan(0.2);
    expect(deviceNormal(randomKey(2), [10_000], 3, 2).dataSync()).toEqual(sample.dataSync());
    expect(deviceNormal(randomKey(3), [10_000], 3, 2).dataSync()).not.toEqual(sample.dataSync());
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    deviceNormal(randomKey(2), [8], 3, 2).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
