import { dense } from '@selfsup/engine/layers';
import { globalAveragePool } from '@selfsup/engine/pooling';
import { deriveKey, type RandomKey } from '@selfsup/engine/random';
import { tf } from '@selfsup/engine/tensorflow';
import { uniformFanIn } from './initialisers.ts';

/** Shape of a feature map without its batch axis: `[height, width, channels]`. */
export type FeatureShape = readonly [number, number, number];

/**
 * A classifier over a feature map `[batch, height, width, channels]`: global average, then one linear layer with bias,
 * giving logits `[batch, classes]`.
 * Weights and bias start as PyTorch's linear layer does, which the published networks left as it was.
 */
export function classifier(featureShape: FeatureShape, classes: number, key: RandomKey): tf.LayersModel {
  const channels = featureShape[2];
  const features = tf.input({ shape: [...featureShape], name: 'features' });
  const pooled = globalAveragePool({ name: 'average' }).apply(features) as tf.SymbolicTensor;
  const linear = dense({
    name: 'linear',
    units: classes,
    kernelInitializer: uniformFanIn(deriveKey(key, 'linear', 'kernel'), channels),
    biasInitializer: uniformFanIn(deriveKey(key, 'linear', 'bias'), channels),
  });
  const logits = linear.apply(pooled) as tf.SymbolicTensor;
  return tf.model({ inputs: features, outputs: logits, name: 'classifier' });
}

/** `[height, width, channels]` of what a model gives. */
export function featureShapeOf(model: tf.LayersModel): FeatureShape {
  return (model.outputs[0]!.shape as number[]).slice(1) as unknown as FeatureShape;
}
