import { batchNormRelu, dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { ADVERSARIAL_EPSILON, conditionOn } from '../../adversaries.ts';
import { gaussianInit } from '../../building/layer-init.ts';
import type { ImageShape } from '../../network.ts';
import { KERNEL, projectionInit, STD, type StackSize } from './stack.ts';

/**
 * See `Adversaries.generator`: a linear layer to maps of 4×4, normalised value by value, then transposed convolutions that
 * double the sides, conditioned on the code, with batch norm and ReLU; the last gives pixels through a sigmoid.
 */
export function buildGenerator(
  { width, levels }: StackSize,
  latent: number,
  image: ImageShape,
  key: RandomKey,
): tf.LayersModel {
  const start = gaussianInit(key, STD);
  const code = tf.input({ shape: [latent], name: 'code' });
  const deepest = width * 2 ** (levels - 1);
  const first = dense({ name: 'maps_linear', units: 16 * deepest, useBias: false, ...start('maps_linear', latent) });
  const flat = norm('maps').apply(first.apply(code) as tf.SymbolicTensor);
  let x = tf.layers.reshape({ name: 'maps', targetShape: [4, 4, deepest] }).apply(flat) as tf.SymbolicTensor;
  for (let level = levels - 2; level >= 0; level--) {
    const name = `up${levels - 1 - level}`;
    x = conditionOn(code, upward(x, name, width * 2 ** level, start), name, projectionInit(key));
    x = norm(name).apply(x);
  }
  const logits = upward(x, 'pixels', image.channels, start);
  const made = tf.layers.activation({ name: 'image', activation: 'sigmoid' }).apply(logits) as tf.SymbolicTensor;
  return tf.model({ inputs: code, outputs: made, name: 'generator' });
}

function norm(name: string) {
  return batchNormRelu({ name: `${name}_bn`, epsilon: ADVERSARIAL_EPSILON, reluName: `${name}_relu` });
}

/** A transposed convolution that doubles the sides; 'same' pads it as a convolution of 5×5 by steps of two would be. */
function upward(x: tf.SymbolicTensor, name: string, filters: number, start: ReturnType<typeof gaussianInit>) {
  const layer = `${name}_deconvolution`;
  const deconvolution = tf.layers.conv2dTranspose({
    name: layer,
    filters,
    kernelSize: KERNEL,
    strides: 2,
    padding: 'same',
    useBias: false,
    ...start(layer, KERNEL ** 2 * x.shape.at(-1)!),
  });
  return deconvolution.apply(x) as tf.SymbolicTensor;
}
