import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { infer } from './inference.ts';

test.each([1, 128, 129, 300])('%i samples give what they give together, in their order', (count) => {
  const dense = (units: number) => tf.layers.dense({ units, kernelInitializer: 'ones', useBias: false });
  const models = [3, 2].map((width) => tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [width] })] }));
  models[0]!.add(dense(2));
  models[1]!.add(dense(1));
  const samples = tf.range(0, count).reshape([count, 1]).tile([1, 3]);
  const before = tf.memory().numTensors;
  const found = infer(samples, ...models);
  expect(found.shape).toEqual([count, 1]);
  expect([...found.dataSync()]).toEqual(Array.from({ length: count }, (_, i) => 6 * i));
  found.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
