import type { layers, Tensor, Tensor2D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../platform.ts';
import { finish, onlyInput, stockClass, type ActivatedLayer } from './stock.ts';

/** Settings of tfjs's own layer. */
export type DenseSettings = Parameters<typeof tf.layers.dense>[0];

const Stock = stockClass<ActivatedLayer, DenseSettings>(tf.layers.dense({ name: 'stock', units: 1 }));

/** tfjs's Dense, which computes the gradient of its input whether it is wanted or not, without that. */
class LeanDense extends Stock {
  static readonly className = 'Dense';

  override call(inputs: Tensor | Tensor[], kwargs?: object): Tensor | Tensor[] {
    const x = onlyInput(inputs);
    if (x.rank !== 2) return super.call(inputs, kwargs as never);
    return tf.tidy(() => finish(this, (x as Tensor2D).matMul(this.kernel.read() as Tensor2D)));
  }
}

/**
 * Fully connected layer with the settings, weights (`kernel` `[in, out]`, `bias`) and exported form of
 * `tf.layers.dense`. On fixed features, such as a probe's, it saves the gradient that nobody asks for.
 */
export function dense(settings: DenseSettings): layers.Layer {
  return new LeanDense(settings);
}
