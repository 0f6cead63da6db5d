import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { int, type } from '../attributes.ts';
import { defineOp, kernel, tf } from '../platform.ts';
import {
  filterGradientAsProduct,
  isProduct,
  productOfPatches,
  type ConvolutionAttributes,
} from './convolution-product.ts';

export type { ConvolutionAttributes };

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

function forward(x: Tensor, filter: Tensor, attributes: ConvolutionAttributes): Tensor {
  if (isProduct(x, filter, attributes)) return productOfPatches(x, filter, attributes);
  return kernel('Conv2D', attributesOf(attributes), [x, filter])[0]!;
}

/** The gradient of `filter`, where `dy` is that of its convolution with `x`. Not differentiable. */
export function filterGradient(x: Tensor, dy: Tensor, filter: Tensor, attributes: ConvolutionAttributes): Tensor {
  const asProduct = filterGradientAsProduct(x, dy, filter, attributes);
  return asProduct ?? kernel('Conv2DBackpropFilter', attributesOf(attributes), [x, sizes(filter), dy])[0]!;
}

const convolution = defineOp<ConvolutionAttributes>({
  name: 'SelfsupConv2D',
  forward: ({ x, filter }, attributes) => forward(x!, filter!, attributes),
  saveInputs: ['x', 'filter'],
  // Each gradient only where it is asked for: a first layer has no use for that of the image.
  backward: (dy, [x, filter], attributes) => ({
    x: () => kernel('Conv2DBackpropInput', attributesOf(attributes), [sizes(x!), filter!, dy])[0]!,
    filter: () => filterGradient(x!, dy, filter!, attributes),
  }),
});

/** Convolution of `x` `[batch, height, width, in]` with `filter` `[rows, columns, in, out]`. Differentiable in both. */
export function convolve2d(x: Tensor, filter: Tensor, attributes: ConvolutionAttributes): Tensor4D {
  return convolution({ x, filter }, { strides: attributes.strides, padding: attributes.padding })[0] as Tensor4D;
}
