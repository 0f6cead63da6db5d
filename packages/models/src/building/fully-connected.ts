import { batchNormRelu, dense, dropout } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { LayerInit } from './layer-init.ts';

/** A fully connected layer with its ReLU, as AlexNet's fc6 and fc7. */
export interface FullyConnectedUnit {
  /** Name of the ReLU; the matrix product before it is `<name>_linear`, the others `<name>_bn`, `<name>_dropout`. */
  readonly name: string;
  readonly units: number;
  readonly start: LayerInit;
  /**
   * `batch-norm`: no bias, batch norm before the ReLU, no dropout (RotNet, AET). `dropout-before`: dropout of one half
   * before the matrix product (DeepCluster). `dropout-after`: dropout of one half after the ReLU (Caffe).
   */
  readonly style: 'batch-norm' | 'dropout-before' | 'dropout-after';
}

/** Adds a unit to a functional model: `[batch, features]` to `[batch, units]`. */
export function fullyConnectedUnit(input: tf.SymbolicTensor, unit: FullyConnectedUnit): tf.SymbolicTensor {
  const { name, units, style, start } = unit;
  const drop = (x: tf.SymbolicTensor) => dropout({ name: `${name}_dropout`, rate: 0.5 }).apply(x) as tf.SymbolicTensor;
  const fed = style === 'dropout-before' ? drop(input) : input;
  const product = dense({
    name: `${name}_linear`,
    units,
    useBias: style !== 'batch-norm',
    ...start(`${name}_linear`, input.shape[1]!),
  }).apply(fed) as tf.SymbolicTensor;
  if (style === 'batch-norm') return batchNormRelu({ name: `${name}_bn`, reluName: name }).apply(product);
  const activated = tf.layers.reLU({ name }).apply(product) as tf.SymbolicTensor;
  return style === 'dropout-after' ? drop(activated) : activated;
}

/** A feature map `[batch, height, width, channels]` as a vector, row by row, channels fastest. */
export function flatten(features: tf.SymbolicTensor): tf.SymbolicTensor {
  return tf.layers.flatten({ name: 'flatten', dataFormat: 'channelsLast' }).apply(features) as tf.SymbolicTensor;
}
