import type { Shape, SymbolicTensor, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../ops/library.ts';
import type { LayerChain } from './padded-pooling.ts';
import { onlyInput } from './stock.ts';

/**
 * The pixels of each bin `[bins, most]` along a side: floor(i·length/bins) up to ceil((i+1)·length/bins), which is
 * PyTorch's rule; shorter bins name their last pixel again, which changes no maximum.
 */
function binPixels(bins: number, length: number): { readonly pixels: Int32Array; readonly most: number } {
  const bounds = Array.from({ length: bins }, (_, i) => [
    Math.floor((i * length) / bins),
    Math.ceil(((i + 1) * length) / bins),
  ]);
  const most = Math.max(...bounds.map(([start, end]) => end! - start!));
  const pixels = Int32Array.from({ length: bins * most }, (_, i) => {
    const [start, end] = bounds[Math.floor(i / most)]!;
    return Math.min(start! + (i % most), end! - 1);
  });
  return { pixels, most };
}

/** Replaces axis `axis` (1 or 2) of `[batch, height, width, channels]` by its bins' maxima. */
function maxBins(x: Tensor, axis: 1 | 2, bins: number): Tensor {
  const { pixels, most } = binPixels(bins, x.shape[axis]!);
  const shape = [...x.shape.slice(0, axis), bins, most, ...x.shape.slice(axis + 1)];
  return tf
    .gather(x, tf.tensor1d(pixels, 'int32'), axis)
    .reshape(shape)
    .max(axis + 1);
}

/** Adaptive max pooling for sides that the bins do not divide. Stock tfjs has no such layer. */
class AdaptiveMaxPooling2D extends tf.layers.Layer {
  static readonly className = 'AdaptiveMaxPooling2D';
  readonly #size: number;

  constructor(settings: { name: string; size: number }) {
    super({ name: settings.name });
    this.#size = settings.size;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, , , channels] = inputShape as Shape;
    return [batch!, this.#size, this.#size, channels!];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.tidy(() => maxBins(maxBins(onlyInput(inputs), 1, this.#size), 2, this.#size));
  }

  override getConfig() {
    return { ...super.getConfig(), size: this.#size };
  }
}

/**
 * Max pooling to `size` × `size` bins, whatever the input's sides: PyTorch's `AdaptiveMaxPool2d`. Where the bins divide
 * the sides evenly it is tfjs's MaxPooling2D, which exports and has a gradient; elsewhere a layer of ours.
 */
export function adaptiveMaxPool(settings: { readonly name: string; readonly size: number }): LayerChain {
  const { name, size } = settings;
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`Pooling '${name}': size must be at least 1`);
  return {
    apply(input) {
      const [, height, width] = input.shape;
      if (height != null && width != null && height % size === 0 && width % size === 0) {
        const poolSize: [number, number] = [height / size, width / size];
        const pool = tf.layers.maxPooling2d({ name, poolSize, strides: poolSize, padding: 'valid' });
        return pool.apply(input) as SymbolicTensor;
      }
      return new AdaptiveMaxPooling2D({ name, size }).apply(input) as SymbolicTensor;
    },
  };
}
