import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import { embeddingModel, featureShapeOf } from '@selfsup/models/heads';
import { uniformFanIn } from '@selfsup/models/initialisers';
import type { Embed } from '@selfsup/models/network';

/** The networks that see an image and its transformation, and estimate the latter. */
export interface Siamese {
  readonly encoder: tf.LayersModel;
  /** From the encoder's last feature map to a vector, such as the global average; may have no weights. */
  readonly embedding: tf.LayersModel;
  /** One linear layer on both vectors, `[batch, 2 · units]` to `[batch, components]`. */
  readonly decoder: tf.LayersModel;
}

/** Builds embedding and decoder on an encoder. With `bounded` estimates pass a tanh. */
export function buildSiamese(
  encoder: tf.LayersModel,
  components: number,
  bounded: boolean,
  key: RandomKey,
  embed?: Embed,
): Siamese {
  const embedding = embeddingModel(featureShapeOf(encoder), deriveKey(key, 'embedding'), embed);
  const units = 2 * (embedding.outputs[0]!.shape[1] as number);
  const vectors = tf.input({ shape: [units], name: 'vectors' });
  const linear = dense({
    name: 'linear',
    units: components,
    ...(bounded && { activation: 'tanh' as const }),
    kernelInitializer: uniformFanIn(deriveKey(key, 'linear', 'kernel'), units),
    biasInitializer: uniformFanIn(deriveKey(key, 'linear', 'bias'), units),
  });
  const decoder = tf.model({ inputs: vectors, outputs: linear.apply(vectors) as tf.SymbolicTensor, name: 'decoder' });
  return { encoder, embedding, decoder };
}

/** Two batches of images, or vectors, one after the other; and back to one batch of pairs. */
const pairUp = (vectors: tf.Tensor): tf.Tensor2D => tf.concat(tf.split(vectors, 2), 1) as tf.Tensor2D;

/**
 * Estimates `[batch, components]` in training mode from normalised images `[batch, height, width, channels]` and their
 * transformations. Both go through the encoder as one batch: batch norm uses and moves their joint statistics.
 */
export function trainingEstimates(siamese: Siamese, images: tf.Tensor4D, transformed: tf.Tensor4D): tf.Tensor2D {
  const both = tf.concat([images, transformed]);
  const features = siamese.encoder.apply(both, { training: true }) as tf.Tensor;
  const vectors = siamese.embedding.apply(features, { training: true }) as tf.Tensor;
  return siamese.decoder.apply(pairUp(vectors), { training: true }) as tf.Tensor2D;
}
