import type { layers, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../../platform.ts';
import { adaptivePool, AdaptivePooling2D, binBounds } from './adaptive-pooling.ts';
import type { LayerChain } from './padded-pooling.ts';

/** Mean over height and width: `[batch, height, width, channels]` to `[batch, channels]`. tfjs's own layer. */
export function globalAveragePool(settings: { readonly name: string }): layers.Layer {
  return tf.layers.globalAveragePooling2d({ name: settings.name, dataFormat: 'channelsLast' });
}

/** `[bins, length]`: row i averages the pixels of bin i; neighbouring bins overlap where the division leaves a rest. */
function binWeights(bins: number, length: number): Tensor {
  const weights = new Float32Array(bins * length);
  for (const [bin, [start, end]] of binBounds(bins, length).entries()) {
    weights.fill(1 / (end - start), bin * length + start, bin * length + end);
  }
  return tf.tensor2d(weights, [bins, length]);
}

class AdaptiveAveragePooling2D extends AdaptivePooling2D {
  static readonly className = 'AdaptiveAveragePooling2D';

  protected override poolAxis(x: Tensor, axis: 1 | 2, bins: number): Tensor {
    const others = [0, 1, 2, 3].filter((other) => other !== axis);
    const order = [...others, axis];
    const moved = x.transpose(order);
    const flat = moved.reshape([-1, x.shape[axis]!]);
    const means = tf.matMul(flat as never, binWeights(bins, x.shape[axis]!) as never, false, true);
    const back = order.map((_, i) => order.indexOf(i));
    return (means as Tensor).reshape([...moved.shape.slice(0, 3), bins]).transpose(back);
  }
}

/**
 * Average pooling to `size` × `size` bins, whatever the input's sides: PyTorch's `AdaptiveAvgPool2d`. Where
 * the bins divide the sides evenly it is tfjs's AveragePooling2D, which exports; elsewhere a layer of ours.
 */
export function adaptiveAveragePool(settings: { readonly name: string; readonly size: number }): LayerChain {
  return adaptivePool(settings, tf.layers.averagePooling2d, AdaptiveAveragePooling2D);
}
