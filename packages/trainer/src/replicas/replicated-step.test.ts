import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, randomKey, type RandomKey } from '@selfsup/kit/random';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { gradientsOf } from '../gradients.ts';
import { ParameterGroups } from '../parameter-groups.ts';
import type { Trainee } from '../trainee.ts';
import { checkReplicas, takeReplicatedStep } from './replicated-step.ts';

const rate = 0.1;
const numbers = (values: readonly number[]): number[] => values.map(Math.fround);

/**
 * Fits one weight to numbers by ½(w − x)², and keeps a moving mean of them, as batch norm does: with the means of the parts all
 * can be worked out by hand.
 */
function fitting(keys: RandomKey[] = [], size = 1) {
  const begin = (value: number): tf.Variable => tf.tidy(() => tf.variable(tf.fill([size], value)));
  const [weight, moving, fixed] = [begin(3), begin(8), begin(5)];
  const variables = [{ name: 'w', variable: weight }];
  const trainee: Trainee<readonly number[]> = {
    weights: [...variables, { name: 'moving', variable: moving }, { name: 'fixed', variable: fixed }],
    parameterGroups: [{ name: 'all', variables }],
    measures: {},
    step(batch, { key }) {
      keys.push(key);
      const x = tf.tensor1d([...batch]);
      moving.assign(moving.mul<tf.Tensor1D>(0.5).add(x.mean().mul(0.5)));
      const spread = size === 1 ? x : tf.range(0, size).mul(x);
      const { loss, gradients } = gradientsOf(variables, () => ({
        loss: weight
          .sub(spread)
          .square()
          .mean()
          .mul<tf.Scalar>(size / 2),
      }));
      return { losses: { loss }, metrics: { largest: x.max() }, gradients, samples: batch.length };
    },
  };
  const groups = new ParameterGroups(
    optimizerSchema.parse({ name: 'sgd', momentum: 0, weightDecay: 0 }),
    trainee.parameterGroups,
  );
  const take = (parts: readonly (readonly number[])[], step = 0) =>
    takeReplicatedStep(
      trainee,
      groups,
      { replicas: parts.length, parts, stop: step === 4 },
      { epoch: 0, step, key: randomKey(1, step) },
      rate,
    );
  const values = () => [weight, moving, fixed].map((variable) => variable.dataSync()[0]);
  return { take, values, weights: () => weight.dataSync<'float32'>() };
}

test('gradients, statistics, losses and metrics are means over the parts, each of which begins with the same statistics', () => {
  const { take, values } = fitting();
  const {
    values: logged,
    samples,
    stop,
    losses,
  } = take([
    [1, 2],
    [4, 4],
    [0, 6],
    [2, 5],
  ]);
  expect(values()[0]).toBeCloseTo(3 - rate * (3 - 24 / 8), 6);
  // Each part's own mean against the value before the step: 8/2 + mean/2, averaged.
  expect(values()[1]).toBe(4 + (1.5 + 4 + 3 + 3.5) / 4 / 2);
  expect(values()[2]).toBe(5);
  expect(logged['largest']).toBe((2 + 4 + 6 + 5) / 4);
  expect(logged['loss']).toBeCloseTo((4 + 1 + 1 + 1 + 9 + 9 + 1 + 4) / 16, 6);
  expect([samples, stop, losses]).toEqual([8, false, ['loss']]);
});

test('parts are added as a balanced tree: ((0 + 1) + (2 + 3)) / 4, in float32', () => {
  const parts = [1.1e7, 0.3, -1.1e7, 0.7].map((x) => [x]);
  const { take, values } = fitting();
  take(parts);
  const [a, b, c, d] = parts.map(([x]) => Math.fround(3 - Math.fround(x!))) as [number, number, number, number];
  const sum = Math.fround(Math.fround(a + b) + Math.fround(c + d));
  const [expected] = numbers([3 - Math.fround(Math.fround(rate) * Math.fround(sum / 4))]);
  expect(values()[0]).toBe(expected);
  const inOrder = Math.fround(Math.fround(Math.fround(a + b) + c) + d);
  expect(inOrder).not.toBe(sum);
});

test('large gradients, which are no part of the vector, are added along the same tree', () => {
  const size = 2 ** 18;
  const xs = [1.1e4, 0.3, -1.1e4, 0.7];
  const { take, weights } = fitting([], size);
  take(xs.map((x) => [x]));
  const { fround } = Math;
  const expected = Float32Array.from({ length: size }, (_, i) => {
    const [a, b, c, d] = xs.map((x) => fround(3 - fround(i * fround(x)))) as [number, number, number, number];
    return fround(3 - fround(fround(rate) * fround(fround(fround(a + b) + fround(c + d)) / 4)));
  });
  expect(weights()).toEqual(expected);
});

test('compiled into functions it gives the same bits, and no tensor is left behind', () => {
  const parts = (step: number) => [[0.1 * step, 2], [4, 1 / (step + 1)]]; // prettier-ignore
  const compiled = fitting();
  const tensors: number[] = [];
  const states = [];
  for (let step = 0; step < 6; step++) {
    expect(compiled.take(parts(step), step).stop).toBe(step === 4);
    tensors.push(tf.memory().numTensors);
    states.push(compiled.values());
  }
  expect(new Set(tensors.slice(1)).size).toBe(1);
  const again = fitting();
  for (let step = 0; step < 3; step++) again.take(parts(step), step);
  expect(again.values()).toEqual(states[2]);
});

test('each part draws from a key of its own', () => {
  const keys: RandomKey[] = [];
  fitting(keys).take([[1], [2], [3], [4]], 2);
  expect(keys).toEqual([0, 1, 2, 3].map((replica) => deriveKey(randomKey(1, 2), 'replica', replica)));
});

test('parts with different numbers of samples are refused: their means do not add up', () => {
  expect(() => fitting().take([[1, 2], [3]])).toThrow('samples on average');
});

test.each<[number, number, RegExp]>([
  [3, 12, /cannot be cut into 3 parts/],
  [4, 18, /A batch of 18 cannot be cut into 4 equal parts/],
])('%i replicas of a batch of %i are refused', (replicas, batchSize, words) => {
  expect(() => checkReplicas(replicas, batchSize)).toThrow(words);
});
