import { batchNorm4d } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { Normalisation } from '../encoder.ts';

/**
 * Pixels `[batch, height, width, channels]` of 0..255 (any type) to (pixel − mean) / std as float32.
 * A standard deviation of 0 (a channel without variation) counts as 1.
 */
export function normalise(images: tf.Tensor4D, { mean, std }: Normalisation): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const ofRow = (each: (channel: number) => number): tf.Tensor1D =>
    tf.tensor1d(Float32Array.from({ length: width * channels }, (_, i) => each(i % channels)));
  return tf.tidy(() => {
    // Batch norm in inference does it in one pass. A row of the image counts as one pixel of many channels: vectors of
    // three cost TensorFlow four times as much.
    const { y } = batchNorm4d(
      {
        x: images.toFloat().reshape([batch * height, 1, 1, width * channels]),
        scale: ofRow((channel) => 1 / (std[channel] || 1)),
        offset: tf.zeros([width * channels]),
        mean: ofRow((channel) => mean[channel]!),
        variance: tf.ones([width * channels]),
      },
      { epsilon: 0, decay: 0, training: false, relu: false },
    );
    return y.reshape([batch, height, width, channels]) as tf.Tensor4D;
  });
}
