import { dense } from '@selfsup/engine/layers';
import { globalAveragePool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import type { FeatureShape } from '@selfsup/models/heads';
import { constant } from '@selfsup/models/initialisers';
import { flatten, fullyConnectedUnit, gaussianInit, pytorchInit } from '@selfsup/models/units';

/** How fc6 to fc8 are built and begin. */
export interface FullyConnectedHead {
  readonly shape: FeatureShape;
  readonly classes: number;
  /** Of fc6 and of fc7; with 0 there are none, and fc8 stands on the global average. */
  readonly units: number;
  readonly style: 'dropout-before' | 'dropout-after';
  /** Standard deviation of fc6's and fc7's weights, and their biases. */
  readonly hidden: { readonly std: number; readonly bias: number };
  /** Of fc8's, PyTorch's default where no deviation is given. */
  readonly last: { readonly std?: number; readonly bias: number };
  readonly key: RandomKey;
}

/** The layers between the feature map and the last one. */
export const HIDDEN = ['fc6', 'fc7'];
/** The last layer's name. */
export const LAST = 'fc8';

/** fc6, fc7 (ReLU, dropout of one half), where there are any, and fc8 on a feature map `[batch, height, width, channels]`: logits `[batch, classes]`. */
export function fullyConnectedHead(head: FullyConnectedHead): tf.LayersModel {
  const { shape, classes, units, style, hidden, last, key } = head;
  const input = tf.input({ shape: [...shape], name: 'features' });
  const start = gaussianInit(key, hidden.std, hidden.bias);
  const vector =
    units === 0
      ? (globalAveragePool({ name: 'average' }).apply(input) as tf.SymbolicTensor)
      : HIDDEN.reduce((x, name) => fullyConnectedUnit(x, { name, units, style, start }), flatten(input));
  const first = last.std === undefined ? pytorchInit(key) : gaussianInit(key, last.std);
  const { kernelInitializer } = first(LAST, vector.shape[1]!);
  const layer = dense({ name: LAST, units: classes, kernelInitializer, biasInitializer: constant(last.bias) });
  return tf.model({ inputs: input, outputs: layer.apply(vector) as tf.SymbolicTensor, name: 'fc6-8' });
}
