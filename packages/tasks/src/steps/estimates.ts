import { tf } from '@selfsup/engine/tensorflow';
import { infer } from './inference.ts';
import type { Siamese } from './siamese.ts';

/** Estimates in inference mode, of any number of images. */
export function inferenceEstimates(siamese: Siamese, images: tf.Tensor4D, transformed: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    const vectorsOf = (batch: tf.Tensor4D): tf.Tensor => infer(batch, siamese.encoder, siamese.embedding);
    return infer(tf.concat([vectorsOf(images), vectorsOf(transformed)], 1), siamese.decoder);
  });
}
