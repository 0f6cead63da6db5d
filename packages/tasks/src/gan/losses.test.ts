import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { adversarialLosses, latentError } from './losses.ts';

const losses = (real: number[], generated: number[]) => {
  const { discriminator, generator } = adversarialLosses(tf.tensor2d(real, [real.length, 1]), tf.tensor2d(generated, [generated.length, 1])); // prettier-ignore
  return [discriminator.dataSync()[0]!, generator.dataSync()[0]!];
};

test('a discriminator that knows nothing: both sides pay ln 2', () => {
  for (const loss of losses([0, 0], [0, 0])) expect(loss).toBeCloseTo(Math.LN2, 6);
});

test('halves of the mean cross entropies, the other side with labels swapped', () => {
  const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  const [real, generated] = [
    [1, -2, 0.5],
    [-1, 3, 0.25],
  ] as const;
  const entropy = (logits: readonly number[], label: 0 | 1) =>
    mean(logits.map((a) => -Math.log(label === 1 ? sigmoid(a) : 1 - sigmoid(a))));
  const [discriminator, generator] = losses([...real], [...generated]);
  expect(discriminator).toBeCloseTo((entropy(real, 1) + entropy(generated, 0)) / 2, 6);
  expect(generator).toBeCloseTo((entropy(real, 0) + entropy(generated, 1)) / 2, 6);
});

test('a discriminator that is sure leaves the other side a gradient, and nothing overflows', () => {
  const [discriminator, generator] = losses([200], [-200]);
  expect(discriminator).toBe(0);
  expect(generator).toBe(200);
  const slope = tf.grad((a: tf.Tensor) => adversarialLosses(tf.zeros([1, 1]), a).generator)(tf.tensor2d([[-200]]));
  expect(slope.dataSync()[0]).toBeCloseTo(-0.5, 6);
});

test('the latent error is a mean over the values of the codes', () => {
  expect(latentError(tf.tensor2d([[1, -1]]), tf.tensor2d([[0, 1]])).dataSync()[0]).toBe(2.5);
});
