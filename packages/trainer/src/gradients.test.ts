import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { clippedToNorm, gradientsOf } from './gradients.ts';

test('gives gradients by our names, and metrics, and leaves nothing else behind', () => {
  const x = tf.variable(tf.scalar(3));
  const y = tf.variable(tf.scalar(5));
  const before = tf.memory().numTensors;
  const named = [
    { name: 'net/x', variable: x },
    { name: 'net/y', variable: y },
  ];
  const { loss, metrics, gradients } = gradientsOf(named, () => {
    const product = x.mul(y);
    return { loss: product.square().asScalar(), metrics: { product: product.asScalar() } };
  });
  expect(loss.dataSync()[0]).toBe(225);
  expect(metrics['product']!.dataSync()[0]).toBe(15);
  expect(gradients['net/x']!.dataSync()[0]).toBe(2 * 15 * 5);
  expect(gradients['net/y']!.dataSync()[0]).toBe(2 * 15 * 3);
  expect(tf.memory().numTensors).toBe(before + 4);
});

test('metrics do not outlive a scope around the step', () => {
  const x = tf.variable(tf.scalar(3));
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    gradientsOf([{ name: 'x', variable: x }], () => ({
      loss: x.square().asScalar(),
      metrics: { x: x.mul(1).asScalar() },
    }));
  });
  expect(tf.memory().numTensors).toBe(before);
});

test('names a variable on which the loss does not depend', () => {
  const [x, y] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
  const named = [
    { name: 'net/x', variable: x },
    { name: 'net/idle', variable: y },
  ];
  expect(() => gradientsOf(named, () => ({ loss: x.square().asScalar() }))).toThrow('net/idle');
});

test('long gradients are shortened together, short ones left alone', () => {
  const of = (a: number, b: number) => ({ a: tf.tensor1d([a, 0]), b: tf.scalar(b) });
  const values = (found: tf.NamedTensorMap) => Object.values(found).map((one) => [...one.dataSync()]);
  const long = values(clippedToNorm(of(30, 40), 10));
  expect(long[0]![0]).toBeCloseTo(6, 5);
  expect(long[1]![0]).toBeCloseTo(8, 5);
  expect(values(clippedToNorm(of(3, 4), 10))).toEqual([[3, 0], [4]]);
});
