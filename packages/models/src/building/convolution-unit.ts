import { batchNorm, batchNormRelu, groupedConv2d } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import type { LayerInit } from './layer-init.ts';

/** A convolution, its normalisation and its activation. */
export interface ConvolutionUnit {
  /** Name of the activation, the unit's last layer and probe point; others are `<name>_convolution`, `<name>_bn`. */
  readonly name: string;
  readonly filters: number;
  /** Side of the square kernel in pixels. */
  readonly kernelSize: number;
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on each side, in pixels, as PyTorch's and Caffe's `padding`. Default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly groups?: number;
  readonly bias: boolean;
  readonly start: LayerInit;
  /** Batch norm before the activation, with this epsilon. None where absent. */
  readonly batchNormEpsilon?: number | undefined;
  /** Slope below 0: Leaky ReLU. Default 0: ReLU. */
  readonly negativeSlope?: number | undefined;
}

/** Adds a unit to a functional model: `[batch, height, width, in]` to `[batch, height', width', filters]`. */
export function convolutionUnit(input: tf.SymbolicTensor, unit: ConvolutionUnit): tf.SymbolicTensor {
  const { name, filters, kernelSize, stride = 1, padding = 0, groups = 1, bias, start } = unit;
  // TensorFlow's 'same' is the padding on both sides that is meant here only where it is half an odd kernel.
  const same = stride === 1 && 2 * padding === kernelSize - 1;
  const padded =
    padding === 0 || same
      ? input
      : (tf.layers
          .zeroPadding2d({
            name: `${name}_pad`,
            padding: [
              [padding, padding],
              [padding, padding],
            ],
          })
          .apply(input) as tf.SymbolicTensor);
  const convolved = groupedConv2d({
    name: `${name}_convolution`,
    filters,
    kernelSize,
    strides: stride,
    padding: same ? 'same' : 'valid',
    groups,
    useBias: bias,
    ...start(`${name}_convolution`, (kernelSize * kernelSize * input.shape.at(-1)!) / groups),
  }).apply(padded) as tf.SymbolicTensor;
  return activated(convolved, unit);
}

function activated(x: tf.SymbolicTensor, unit: ConvolutionUnit): tf.SymbolicTensor {
  const { name, batchNormEpsilon: epsilon, negativeSlope = 0 } = unit;
  const norm = epsilon === undefined ? undefined : { name: `${name}_bn`, epsilon };
  if (norm && negativeSlope === 0) return batchNormRelu({ ...norm, reluName: name }).apply(x);
  const normalised = norm ? (batchNorm(norm).apply(x) as tf.SymbolicTensor) : x;
  const activation =
    negativeSlope === 0 ? tf.layers.reLU({ name }) : tf.layers.leakyReLU({ name, alpha: negativeSlope });
  return activation.apply(normalised) as tf.SymbolicTensor;
}
