import { dense } from '@selfsup/engine/layers';
import { maxPool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { convolutionUnit, fullyConnectedUnit, heInit } from '@selfsup/models/units';
import type { FeatureShape } from '../../heads/head-source.ts';

export type FrozenLayer = 'conv4' | 'conv5';

/** Channels of conv5. */
const CONV5 = 256;

/**
 * RotNet's AlexNet above each of some layers, as one model so that one loop trains them: an input `[batch, height, width,
 * channels]` and an output of logits `[batch, classes]` for each, nothing shared. Above conv4: conv5 (3×3, 256, batch
 * norm, ReLU) and then, as above conv5, max pooling (3, stride 2), fc6 and fc7 (no bias, batch norm, ReLU, no dropout) and
 * a linear layer. Weights begin normal with variance 2 / (k² · filters) or 2 / units, biases at 0. Layers are named
 * `<frozen layer>_<layer>`.
 */
export function upperLayers(
  shapes: Readonly<Partial<Record<FrozenLayer, FeatureShape>>>,
  classes: number,
  units: number,
  key: RandomKey,
): tf.LayersModel {
  const start = heInit(key);
  const parts = (Object.keys(shapes) as FrozenLayer[]).map((frozen) => {
    const named = (layer: string): string => `${frozen}_${layer}`;
    const input = tf.input({ shape: [...shapes[frozen]!], name: named('features') });
    let x: tf.SymbolicTensor = input;
    if (frozen === 'conv4') {
      const sizes = { filters: CONV5, kernelSize: 3, padding: 1, bias: true, batchNormEpsilon: 1e-5 };
      x = convolutionUnit(x, { ...sizes, name: named('conv5'), start });
    }
    x = maxPool({ name: named('pool5'), size: 3, stride: 2 }).apply(x);
    x = tf.layers.flatten({ name: named('flatten') }).apply(x) as tf.SymbolicTensor;
    for (const layer of ['fc6', 'fc7']) {
      x = fullyConnectedUnit(x, { name: named(layer), units, style: 'batch-norm', start });
    }
    const name = named('linear');
    return { input, output: dense({ name, units: classes, ...start(name, units) }).apply(x) as tf.SymbolicTensor };
  });
  return tf.model({
    inputs: parts.map(({ input }) => input),
    outputs: parts.map(({ output }) => output),
    name: 'retrained',
  });
}
