import { expect, test } from 'vitest';
import { tf } from '../tensorflow.ts';
import { batchNorm } from './batch-normalization.ts';
import { withMovingDecay } from './moving-decay.ts';

test('with i / (i + 1) in pass i the moving statistics are the means of the batches’, whatever they were', () => {
  const input = tf.input({ shape: [2] });
  const layer = batchNorm({ name: 'norm', decay: 0.9 });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  const batches = [0, 1, 2].map((seed) => tf.randomNormal([8, 2], seed, 1 + seed, 'float32', seed + 1));
  model.apply(batches[2]!, { training: true });
  batches.forEach((batch, pass) =>
    withMovingDecay([model], pass / (pass + 1), () => model.apply(batch, { training: true })),
  );
  const moments = batches.map((batch) => tf.moments(batch, 0));
  const mean = tf.stack(moments.map((one) => one.mean)).mean(0);
  const variance = tf
    .stack(moments.map((one) => one.variance))
    .mean(0)
    .mul(8 / 7); // unbiased
  const [movingMean, movingVariance] = layer.getWeights().slice(2);
  expect(movingMean!.sub(mean).abs().max().dataSync()[0]).toBeLessThan(1e-5);
  expect(movingVariance!.sub(variance).abs().max().dataSync()[0]).toBeLessThan(1e-5);
});

test('the layer’s own share is back afterwards, also after an error', () => {
  const input = tf.input({ shape: [2] });
  const layer = batchNorm({ name: 'norm', decay: 0.75 });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
  const fail = () => {
    expect((layer as unknown as { momentum: number }).momentum).toBe(0.5);
    throw new Error('inside');
  };
  expect(() => withMovingDecay([model], 0.5, fail)).toThrow('inside');
  expect((layer as unknown as { momentum: number }).momentum).toBe(0.75);
});
