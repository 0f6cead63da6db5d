import type { SymbolicTensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../platform.ts';
import { conv2d } from './convolution.ts';
import type { LayerChain } from './pooling/padded-pooling.ts';

const HORIZONTAL = [1, 0, -1, 2, 0, -2, 1, 0, -1];
const VERTICAL = [1, 2, 1, 0, 0, 0, -1, -2, -1];

/** Both filters on the mean of the channels, in one kernel `[3, 3, channels, 2]`. */
function kernelOf(channels: number) {
  const values = HORIZONTAL.flatMap((horizontal, pixel) =>
    Array.from({ length: channels }, () => [horizontal / channels, VERTICAL[pixel]! / channels]).flat(),
  );
  return tf.tensor4d(values, [3, 3, channels, 2]);
}

/**
 * Fixed front end of DeepCluster (Caron et al. 2018, arXiv:1807.05520, §4): the image's grey (mean of its channels), then its
 * Sobel gradients along x and y, zeros around it: `[batch, height, width, channels]` to `[batch, height, width, 2]`. A
 * convolution whose weight is never trained; exports as tfjs's Conv2D.
 */
export function sobel(settings: { readonly name: string }): LayerChain {
  return {
    apply(input) {
      const layer = conv2d({
        name: settings.name,
        filters: 2,
        kernelSize: 3,
        padding: 'same',
        useBias: false,
        kernelInitializer: 'zeros',
        trainable: false,
      });
      const output = layer.apply(input) as SymbolicTensor;
      const kernel = kernelOf(input.shape.at(-1)!);
      layer.setWeights([kernel]);
      kernel.dispose();
      return output;
    },
  };
}
