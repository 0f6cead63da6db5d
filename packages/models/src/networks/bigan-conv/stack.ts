import { batchNorm, conv2d } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { ADVERSARIAL_EPSILON, conditionOn } from '../../adversaries.ts';
import { gaussianInit } from '../../building/layer-init.ts';

export const KERNEL = 5;
export const STD = 0.02;

/** Sizes of a stack between images and maps of 4×4. */
export interface StackSize {
  /** Channels of the largest maps. */
  readonly width: number;
  /** Halvings of the image's sides. */
  readonly levels: number;
}

/** How the projections of a code onto the layers of 5×5 kernels begin: with k² times the deviation of other weights. */
export function projectionInit(key: RandomKey) {
  return gaussianInit(key, STD * KERNEL ** 2);
}

/**
 * Images `[batch, side, side, channels]` to `[batch, 4, 4, width · 2^(levels − 1)]`: convolutions by steps of two, Leaky
 * ReLU of slope 0.2, batch norm and the projection of a code, where there is one, from the second on.
 */
export function convolutionStack(
  image: tf.SymbolicTensor,
  code: tf.SymbolicTensor | undefined,
  { width, levels }: StackSize,
  key: RandomKey,
): tf.SymbolicTensor {
  const start = gaussianInit(key, STD);
  let x = image;
  for (let level = 0; level < levels; level++) {
    const name = `conv${level + 1}`;
    const layer = `${name}_convolution`;
    const padded = tf.layers.zeroPadding2d({ name: `${name}_pad`, padding: [[2, 2], [2, 2]] }).apply(x); // prettier-ignore
    x = conv2d({
      name: layer,
      filters: width * 2 ** level,
      kernelSize: KERNEL,
      strides: 2,
      padding: 'valid',
      useBias: level === 0,
      ...start(layer, KERNEL ** 2 * x.shape.at(-1)!),
    }).apply(padded as tf.SymbolicTensor) as tf.SymbolicTensor;
    if (level > 0) {
      x = conditionOn(code, x, name, projectionInit(key));
      x = batchNorm({ name: `${name}_bn`, epsilon: ADVERSARIAL_EPSILON }).apply(x) as tf.SymbolicTensor;
    }
    x = tf.layers.leakyReLU({ name, alpha: 0.2 }).apply(x) as tf.SymbolicTensor;
  }
  return x;
}
