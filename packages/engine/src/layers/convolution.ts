import type { layers, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../platform.ts';
import { convolve2d } from '../ops/convolution.ts';
import { finish, onlyInput, stockClass, type ActivatedLayer } from './stock.ts';

/** Settings of tfjs's own layer. */
export type Conv2dSettings = Parameters<typeof tf.layers.conv2d>[0];

interface StockConv2D extends ActivatedLayer {
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
  readonly dataFormat: string;
  readonly dilationRate: number | number[];
}

const Stock = stockClass<StockConv2D, Conv2dSettings>(tf.layers.conv2d({ name: 'stock', filters: 1, kernelSize: 1 }));

/** tfjs's Conv2D, which computes the gradient of its input whether it is wanted or not, without that. */
class LeanConv2D extends Stock {
  static readonly className = 'Conv2D';

  override call(inputs: Tensor | Tensor[], kwargs?: object): Tensor | Tensor[] {
    const plain = this.dataFormat === 'channelsLast' && [this.dilationRate].flat().every((rate) => rate === 1);
    if (!plain) return super.call(inputs, kwargs as never);
    const { strides, padding } = this;
    return tf.tidy(() => finish(this, convolve2d(onlyInput(inputs), this.kernel.read(), { strides, padding })));
  }
}

/**
 * Convolution with the settings, weights (`kernel` `[rows, columns, in, out]`, `bias`) and exported form of
 * `tf.layers.conv2d`, faster in training: no gradient of an image that nobody asks for, and that of a 1×1 kernel
 * as a matrix product.
 */
export function conv2d(settings: Conv2dSettings): layers.Layer {
  return new LeanConv2D(settings);
}
