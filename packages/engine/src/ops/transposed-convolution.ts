import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { convolve2d, filterGradient, type ConvolutionAttributes } from './convolution.ts';
import { tf } from './library.ts';
import { replaceGradient } from './registry.ts';

interface StockAttributes {
  readonly strides: number | [number, number];
  readonly pad: unknown;
  readonly dataFormat: string;
}

// A transposed convolution is the gradient of a convolution's input, and its own gradients are a convolution's: ours.
const stock = tf.getGradient('Conv2DBackpropInput');
replaceGradient('Conv2DBackpropInput', {
  inputsToSave: ['dy', 'filter'],
  gradFunc: (gradient, saved, given) => {
    const { strides, pad, dataFormat } = given as unknown as StockAttributes;
    if (dataFormat !== 'NHWC' || (pad !== 'same' && pad !== 'valid')) return stock.gradFunc(gradient, saved, given);
    const [dy, filter] = saved as [Tensor, Tensor];
    const attributes: ConvolutionAttributes = {
      strides: typeof strides === 'number' ? [strides, strides] : strides,
      padding: pad,
    };
    return {
      dy: () => convolve2d(gradient as Tensor, filter, attributes),
      filter: () => filterGradient(gradient as Tensor, dy, filter, attributes),
    };
  },
});
