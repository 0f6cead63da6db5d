import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import type { ImageShape } from './building/image-size.ts';
import type { LayerInit } from './building/layer-init.ts';

/** The two networks that play with an encoder in a bidirectional GAN, with their config filled in. */
export interface Adversaries {
  /** `[batch, latent]` in [-1, 1] to images `[batch, height, width, channels]` in [0, 1]. */
  generator(latent: number, image: ImageShape, key: RandomKey): tf.LayersModel;
  /**
   * Normalised images `[batch, height, width, channels]`, with their codes `[batch, latent]` where `latent` is given, to
   * the logit `[batch, 1]` of being a real image with its code (or just a real image).
   */
  discriminator(latent: number | undefined, image: ImageShape, key: RandomKey): tf.LayersModel;
}

/** BiGAN's batch norm epsilon. */
export const ADVERSARIAL_EPSILON = 1e-8;

/**
 * Adds a linear projection of a code `[batch, latent]`, without bias, to what is to be normalised: `[batch, units]`, or
 * each pixel of `[batch, height, width, channels]`. Donahue et al. condition all layers of the generator and the
 * discriminator after the first so. Without a code, gives the layer's output as it is.
 *
 * @param name of the layer conditioned; the new ones are `<name>_code` and `<name>_conditioned`
 */
export function conditionOn(
  code: tf.SymbolicTensor | undefined,
  x: tf.SymbolicTensor,
  name: string,
  start: LayerInit,
): tf.SymbolicTensor {
  if (code === undefined) return x;
  const units = x.shape.at(-1)!;
  const layer = `${name}_code`;
  let projected = dense({ name: layer, units, useBias: false, ...start(layer, code.shape[1]!) }).apply(code);
  if (x.shape.length === 4) {
    projected = tf.layers.reshape({ name: `${layer}_pixel`, targetShape: [1, 1, units] }).apply(projected);
  }
  return tf.layers.add({ name: `${name}_conditioned` }).apply([x, projected as tf.SymbolicTensor]) as tf.SymbolicTensor;
}
