import { dense } from '@selfsup/engine/layers';
import { globalAveragePool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import type { Embed } from '../network.ts';
import { uniformFanIn } from './initialisers.ts';

/** Shape of a feature map without its batch axis: `[height, width, channels]`. */
export type FeatureShape = readonly [number, number, number];

/** The vector below a classifier where a network does not say otherwise: the global average. */
const averageEmbedding: Embed = (features) =>
  globalAveragePool({ name: 'average' }).apply(features) as tf.SymbolicTensor;

/**
 * A classifier over a feature map `[batch, height, width, channels]`: the network's embedding (global average by
 * default), then one linear layer with bias, giving logits `[batch, classes]`.
 * Weights and bias of that layer start as PyTorch's do, which the published networks left as it was.
 */
export function classifier(
  featureShape: FeatureShape,
  classes: number,
  key: RandomKey,
  embed: Embed = averageEmbedding,
): tf.LayersModel {
  const features = tf.input({ shape: [...featureShape], name: 'features' });
  const embedding = embed(features, key);
  const units = embedding.shape[1]!;
  const linear = dense({
    name: 'linear',
    units: classes,
    kernelInitializer: uniformFanIn(deriveKey(key, 'linear', 'kernel'), units),
    biasInitializer: uniformFanIn(deriveKey(key, 'linear', 'bias'), units),
  });
  const logits = linear.apply(embedding) as tf.SymbolicTensor;
  return tf.model({ inputs: features, outputs: logits, name: 'classifier' });
}

/** The network's embedding (global average by default) of a feature map, as a model: to `[batch, units]`. */
export function embeddingModel(
  featureShape: FeatureShape,
  key: RandomKey,
  embed: Embed = averageEmbedding,
): tf.LayersModel {
  const features = tf.input({ shape: [...featureShape], name: 'features' });
  return tf.model({ inputs: features, outputs: embed(features, key), name: 'embedding' });
}

/** `[height, width, channels]` of what a model gives. */
export function featureShapeOf(model: tf.LayersModel): FeatureShape {
  return (model.outputs[0]!.shape as number[]).slice(1) as unknown as FeatureShape;
}
