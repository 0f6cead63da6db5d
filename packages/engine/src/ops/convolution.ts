import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { int, type } from '../attributes.ts';
import { defineOp, kernel, tf } from '../platform.ts';

/** How a convolution moves over its input. */
export interface ConvolutionAttributes {
  /** Rows and columns from one window to the next. */
  readonly strides: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

function attributesOf({ strides, padding }: ConvolutionAttributes) {
  return {
    T: type('float32'),
    strides: int([1, ...strides, 1]),
    padding: padding.toUpperCase(),
    data_format: 'NHWC',
    dilations: int([1, 1, 1, 1]),
    use_cudnn_on_gpu: true,
  };
}

function sizes(tensor: Tensor): Tensor {
  return tf.tensor1d(tensor.shape, 'int32');
}

/** Whether the convolution is a matrix product over all pixels, whose filter gradient TensorFlow computes faster. */
function isPointwise(x: Tensor, filter: Tensor, { strides }: ConvolutionAttributes): boolean {
  const [rows, columns, channels] = filter.shape;
  return rows === 1 && columns === 1 && channels === x.shape[3] && strides[0] === 1 && strides[1] === 1;
}

function pointwiseFilterGradient(x: Tensor, dy: Tensor, filter: Tensor): Tensor {
  const rows = (tensor: Tensor) => tensor.reshape([-1, tensor.shape[3]!]);
  const attributes = { T: type('float32'), transpose_a: true, transpose_b: false };
  return kernel('MatMul', attributes, [rows(x), rows(dy)])[0]!.reshape(filter.shape);
}

const convolution = defineOp<ConvolutionAttributes>({
  name: 'SelfsupConv2D',
  forward: ({ x, filter }, attributes) => kernel('Conv2D', attributesOf(attributes), [x!, filter!])[0]!,
  saveInputs: ['x', 'filter'],
  // Each gradient only where it is asked for: a first layer has no use for that of the image.
  backward: (dy, [x, filter], attributes) => ({
    x: () => kernel('Conv2DBackpropInput', attributesOf(attributes), [sizes(x!), filter!, dy])[0]!,
    filter: () =>
      isPointwise(x!, filter!, attributes)
        ? pointwiseFilterGradient(x!, dy, filter!)
        : kernel('Conv2DBackpropFilter', attributesOf(attributes), [x!, sizes(filter!), dy])[0]!,
  }),
});

/** Convolution of `x` `[batch, height, width, in]` with `filter` `[rows, columns, in, out]`. Differentiable in both. */
export function convolve2d(x: Tensor, filter: Tensor, attributes: ConvolutionAttributes): Tensor4D {
  return convolution({ x, filter }, { strides: attributes.strides, padding: attributes.padding })[0] as Tensor4D;
}
