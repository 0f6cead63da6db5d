import { expect, test, vi } from 'vitest';
import { deviceUniform } from '../tensors/device-random.ts';
import { variableGradients } from '../tensors/gradients.ts';
import { kernel, type } from '../kernel.ts';
import { tf } from '../ops/library.ts';
import { randomKey } from '@selfsup/kit/random';
import { compiledStep, eagerly } from './compiled-step.ts';

/**
 * A training step that does whatever a task may do: it branches on a value read in its midst, has odd last batches, draws
 * dropout by key, uses an op whose result's shape depends on values, lets its rate decay, leaves losses unread, and its
 * input array is written over afterwards.
 */
function train(steps: number): { readonly log: number[]; readonly weights: Float32Array[]; readonly tensors: number } {
  const weight = (shape: [number, number], seed: number) =>
    tf.variable(tf.randomNormal(shape, 0, 0.3, 'float32', seed) as tf.Tensor);
  const [first, second] = [weight([20, 32], 1), weight([32, 5], 2)];
  const input = new Float32Array(64 * 20);
  const log: number[] = [];
  let tensors = 0;
  for (let step = 0; step < steps; step++) {
    const batch = step % 7 === 6 ? 17 : 64;
    for (let i = 0; i < input.length; i++) input[i] = Math.sin(i * 0.37 + step * 1.7);
    compiledStep(() =>
      tf.tidy(() => {
        const x = tf.tensor2d(input.subarray(0, batch * 20), [batch, 20]);
        const labels = tf.tensor1d(
          Int32Array.from({ length: batch }, (_, i) => (i + step) % 5),
          'int32',
        );
        const key = randomKey(3, 'step', step);
        const { value, gradients } = variableGradients(() => {
          let hidden = tf.relu(x.matMul(first)) as tf.Tensor2D;
          hidden = hidden.mul(deviceUniform(key, hidden.shape).greater(0.3).cast('float32'));
          if (step % 3 === 0) {
            const mean = hidden.mean().dataSync()[0]!;
            log.push(mean);
            if (mean > 0.4) hidden = hidden.mul(0.5);
          }
          return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 5), hidden.matMul(second)) as tf.Scalar;
        }, [first, second]);
        if (step % 10 === 5) {
          const [where] = kernel('Where', { T: type('bool') }, [x.greater(0.9)]);
          log.push(where!.shape[0]!);
          if (where!.shape[0]! > 0) log.push(where!.cast('float32').sum().dataSync()[0]!);
        }
        const rate = 0.1 * 0.97 ** Math.floor(step / 20);
        for (const variable of [first, second]) variable.assign(variable.sub(gradients[variable.name]!.mul(rate)));
        if (step % 5 !== 4) log.push(value.dataSync()[0]!);
        input.fill(7);
      }),
    );
    if (step === 10) tensors = tf.memory().numTensors;
  }
  const left = tf.memory().numTensors - tensors;
  const weights = [first, second].map((variable) => variable.dataSync<'float32'>().slice());
  tf.dispose([first, second]);
  return { log, weights, tensors: left };
}

test('a step that branches, reads, changes its batch and its rate gives the bits of eager execution', () => {
  // tfjs warns of every int64 result.
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const lazy = train(150);
  expect(lazy).toEqual(eagerly(() => train(150)));
  expect(lazy.log.length).toBeGreaterThan(150);
  expect(lazy.tensors).toBe(0);
});
