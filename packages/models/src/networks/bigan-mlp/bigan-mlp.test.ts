import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { codeHead, codeOf } from '../../building/code-head.ts';
import { parameterCount } from '../../checkpoint/weights.ts';
import { configureNetwork } from '../../network.ts';

// Its arithmetic is held against PyTorch's in the task's test.
const input = { height: 28, width: 28, channels: 1 };

test('has the published sizes, and probe points that are maps of one pixel', async () => {
  const network = await configureNetwork({ name: 'bigan-mlp' });
  const encoder = network.build(input, [1, 1]);
  expect(network.probePoints).toEqual(['fc1', 'fc2']);
  for (const name of network.probePoints) expect(encoder.getLayer(name).outputShape).toEqual([null, 1, 1, 1024]);
  const { generator, discriminator } = network.adversaries!;
  // Recipes §4.2: 784→1024→1024→50, 50→1024→1024→784, 784→1024→1024→1 with two projections of z.
  expect(parameterCount(encoder, codeHead([1, 1, 1024], 50, [0, 0]))).toBe(784 * 1024 + 1024 + 1024 * 1024 + 1024 * 50);
  expect(parameterCount(generator(50, input, [0, 0]))).toBe(50 * 1024 * 2 + 1024 * 1024 + 1024 * 784 + 784);
  expect(parameterCount(discriminator(50, input, [0, 0]))).toBe(784 * 1024 + 1024 + 1024 * 1024 + 50 * 1024 + 1025);
  expect(parameterCount(discriminator(undefined, input, [0, 0]))).toBe(784 * 1024 + 1024 + 1024 * 1024 + 1025);
});

test('does not know which pixels are neighbours: any shape of as many has the same weights', async () => {
  const network = await configureNetwork({ name: 'bigan-mlp', width: 8 });
  const [tall, wide] = [
    network.build({ height: 6, width: 2, channels: 1 }, [1, 1]),
    network.build({ height: 3, width: 4, channels: 1 }, [1, 1]),
  ];
  const values = tf.randomNormal([5, 12], 0, 1, 'float32', 1);
  const [a, b] = [tall.apply(values.reshape([5, 6, 2, 1])), wide.apply(values.reshape([5, 3, 4, 1]))] as tf.Tensor[];
  expect(a!.dataSync()).toEqual(b!.dataSync());
});

test('codes lie in the support of the prior, and logits of 0 in its middle', () => {
  const codes = codeOf(tf.tensor2d([[-100, 0, 100, 2 * Math.atanh(0.5)]])).dataSync();
  expect([...codes].map((value) => Number(value.toFixed(6)))).toEqual([-1, 0, 1, 0.5]);
});
