import { tf } from '@selfsup/engine/tensorflow';
import type { Batch } from '@selfsup/data/loader';

/** The images of a batch on the device: float32 `[batch, height, width, channels]`, 0..255. */
export function imagesOf(batch: Batch): tf.Tensor4D {
  return tf.tensor4d(new Float32Array(batch.images), [...batch.shape], 'float32');
}
