import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { TensorData } from '@selfsup/models/checkpoint';

/** Added to the variance by the batch norm of fully connected layers. */
const EPSILON = 1e-5;

/**
 * Gives layers, fc6 and fc7 by name, the weights that the pretraining of an encoder left beside it, batch norm folded in: to a
 * matrix product as they are, to a convolution over the map that fc6 stood on, whose kernel holds the same numbers in the same
 * order. Throws `UserError` naming the file where it has none, or of another size.
 */
export function takeFullyConnected(
  layers: Readonly<Record<string, tf.layers.Layer>>,
  tensors: ReadonlyMap<string, TensorData>,
  checkpoint: string,
): void {
  for (const [name, layer] of Object.entries(layers)) {
    const [kernel, bias] = layer.getWeights() as [tf.Tensor, tf.Tensor];
    const units = bias.size;
    const found = [...tensors.keys()].find((key) => key.endsWith(`/${name}_linear/kernel`));
    const own = found && tensors.get(found);
    if (!own || own.shape.at(-1) !== units || own.data.length !== kernel.size)
      throw new UserError(
        `The checkpoint has no ${name} of ${kernel.size / units} inputs and ${units} units${own ? `, but one of [${own.shape.join(', ')}]` : ''}`,
        {
          file: checkpoint,
          field: 'fullyConnected',
          remedy: "Begin with new ones, by 'new', or let 'units' and the map that they stand on fit.",
        },
      );
    const prefix = found!.slice(0, -'_linear/kernel'.length);
    const at = (weight: string): ArrayLike<number> | undefined => tensors.get(prefix + weight)?.data;
    const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((weight) =>
      at(`_bn/${weight}`),
    );
    const rate = Float32Array.from({ length: units }, (_, i) =>
      variance === undefined ? 1 : (gamma?.[i] ?? 1) / Math.sqrt(variance[i]! + EPSILON),
    );
    const offset = rate.map(
      (factor, i) => ((at('_linear/bias')?.[i] ?? 0) - (mean?.[i] ?? 0)) * factor + (beta?.[i] ?? 0),
    );
    const values = Float32Array.from(own.data, (value, i) => value * rate[i % units]!);
    tf.tidy(() => layer.setWeights([tf.tensor(values, kernel.shape), tf.tensor1d(offset)]));
  }
}
