import type { Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../../platform.ts';
import { adaptivePool, AdaptivePooling2D, binBounds } from './adaptive-pooling.ts';
import type { LayerChain } from './padded-pooling.ts';

/** The pixels of each bin along a side, `[bins, most]`; shorter bins name their last again, which changes no maximum. */
function binPixels(bins: number, length: number): { readonly pixels: Int32Array; readonly most: number } {
  const bounds = binBounds(bins, length);
  const most = Math.max(...bounds.map(([start, end]) => end - start));
  const pixels = Int32Array.from({ length: bins * most }, (_, i) => {
    const [start, end] = bounds[Math.floor(i / most)]!;
    return Math.min(start + (i % most), end - 1);
  });
  return { pixels, most };
}

class AdaptiveMaxPooling2D extends AdaptivePooling2D {
  static readonly className = 'AdaptiveMaxPooling2D';

  protected override poolAxis(x: Tensor, axis: 1 | 2, bins: number): Tensor {
    const { pixels, most } = binPixels(bins, x.shape[axis]!);
    const shape = [...x.shape.slice(0, axis), bins, most, ...x.shape.slice(axis + 1)];
    return tf
      .gather(x, tf.tensor1d(pixels, 'int32'), axis)
      .reshape(shape)
      .max(axis + 1);
  }
}

/**
 * Max pooling to `size` × `size` bins, whatever the input's sides: PyTorch's `AdaptiveMaxPool2d`. Where the bins divide
 * the sides evenly it is tfjs's MaxPooling2D, which exports and has a gradient; elsewhere a layer of ours.
 */
export function adaptiveMaxPool(settings: { readonly name: string; readonly size: number }): LayerChain {
  return adaptivePool(settings, tf.layers.maxPooling2d, AdaptiveMaxPooling2D);
}
