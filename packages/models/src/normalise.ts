import { tf } from '@selfsup/engine/tensorflow';
import type { Normalisation } from './encoder.ts';

/**
 * Pixels `[batch, height, width, channels]` of 0..255 (any type) to (pixel − mean) / std as float32.
 * A standard deviation of 0 (a channel without variation) counts as 1.
 */
export function normalise(images: tf.Tensor4D, { mean, std }: Normalisation): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape;
  return tf.tidy(() => {
    // One row of the image at a time: subtracting a vector of three from each pixel costs TensorFlow four times as much.
    const centre = tf.tile(tf.tensor1d([...mean]), [width]);
    const scale = tf.tile(tf.tensor1d(std.map((value) => 1 / (value || 1))), [width]);
    const rows = images.toFloat().reshape([batch * height, width * channels]);
    return rows.sub(centre).mul(scale).reshape([batch, height, width, channels]) as tf.Tensor4D;
  });
}
