import { batchNorm } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';

/** A model whose weights are copied from another model. */
export interface FollowingModel {
  /** Images' feature map `[batch, height, width, channels]` to vectors `[batch, units]`. */
  readonly model: tf.LayersModel;
  /** Copies what the model does not share; to be called before it is used. */
  follow(): void;
  /** Disposes what is its own. */
  dispose(): void;
}

/**
 * An embedding without its final ReLU where it ends in one: the authors cluster what comes before it, which loses
 * less. An embedding that ends otherwise (NIN's global average) is taken as it is.
 */
export function beforeFinalRelu(embedding: tf.LayersModel): FollowingModel {
  const asItIs: FollowingModel = { model: embedding, follow: () => undefined, dispose: () => undefined };
  const relu = embedding.outputs[0]!.sourceLayer;
  if (relu.getClassName() !== 'ReLU') return asItIs;
  const input = relu.input as tf.SymbolicTensor;
  const before = input.sourceLayer;
  if (before.getClassName() !== 'BatchNormalization') {
    return { ...asItIs, model: tf.model({ inputs: embedding.inputs, outputs: input, name: 'features' }) };
  }
  // Our batch norm does the work of a ReLU that follows it, so one that does not stands in.
  const { epsilon, center, scale } = before.getConfig() as { epsilon: number; center: boolean; scale: boolean };
  const plain = batchNorm({ name: `${before.name}_before_relu`, epsilon, center, scale });
  const outputs = plain.apply(before.input as tf.SymbolicTensor) as tf.SymbolicTensor;
  return {
    model: tf.model({ inputs: embedding.inputs, outputs, name: 'features' }),
    follow: () => plain.setWeights(before.getWeights()),
    dispose: () => plain.dispose(),
  };
}
