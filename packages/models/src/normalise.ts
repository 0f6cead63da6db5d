import { tf } from '@selfsup/engine/tensorflow';
import type { Normalisation } from './encoder.ts';

/**
 * Pixels `[batch, height, width, channels]` of 0..255 (any type) to (pixel − mean) / std as float32.
 * A standard deviation of 0 (a channel without variation) counts as 1.
 */
export function normalise(images: tf.Tensor4D, { mean, std }: Normalisation): tf.Tensor4D {
  return tf.tidy(() => {
    const centre = tf.tensor1d([...mean]);
    const scale = tf.tensor1d(std.map((value) => 1 / (value || 1)));
    return images.toFloat().sub(centre).mul(scale) as tf.Tensor4D;
  });
}
