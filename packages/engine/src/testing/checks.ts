import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../ops/library.ts';

/** Largest absolute difference between two tensors of the same shape. For tests. */
export function maxDifference(a: Tensor, b: Tensor): number {
  return tf.tidy(() => a.sub(b).abs().max().dataSync()[0]!);
}

/**
 * Largest error of the analytic gradient of `f` by its `inputs`, against central differences along random
 * directions, relative to the derivative's size. `f` maps tensors to any tensor; its dot product with fixed random weights is
 * differentiated. For tests: functions should be smooth within `step` of the inputs.
 */
export function gradientError(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  { step = 1e-2, directions = 4 } = {},
): number {
  return tf.tidy(() => {
    const weights = tf.randomNormal(f(...inputs).shape, 0, 1, 'float32', 17);
    const value = (...at: Tensor[]) =>
      tf.tidy(
        () =>
          f(...at)
            .mul(weights)
            .sum()
            .dataSync()[0]!,
      );
    const gradients = tf.grads((...at: Tensor[]) =>
      f(...at)
        .mul(weights)
        .sum(),
    )([...inputs]);
    let worst = 0;
    for (let position = 0; position < inputs.length; position++) {
      for (let direction = 0; direction < directions; direction++) {
        const along = tf.randomNormal(inputs[position]!.shape, 0, 1, 'float32', 100 * position + direction + 1);
        const moved = (by: number) => inputs.map((input, i) => (i === position ? input.add(along.mul(by)) : input));
        const numeric = (value(...moved(step)) - value(...moved(-step))) / (2 * step);
        const analytic = gradients[position]!.mul(along).sum().dataSync()[0]!;
        const size = Math.max(1, Math.abs(numeric), Math.abs(analytic));
        worst = Math.max(worst, Math.abs(numeric - analytic) / size);
      }
    }
    return worst;
  });
}
