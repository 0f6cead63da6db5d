import type { layers, Shape, SymbolicTensor, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../../platform.ts';
import type { LayerChain } from './padded-pooling.ts';
import { onlyInput } from '../stock.ts';

/** Where the bins of a side lie: from floor(i·length/bins) up to ceil((i+1)·length/bins), which is PyTorch's rule. */
export function binBounds(bins: number, length: number): (readonly [start: number, end: number])[] {
  return Array.from({ length: bins }, (_, i) => [
    Math.floor((i * length) / bins),
    Math.ceil(((i + 1) * length) / bins),
  ]);
}

/** Pooling to `size` × `size` bins for sides that the bins do not divide. Stock tfjs has no such layer. */
export abstract class AdaptivePooling2D extends tf.layers.Layer {
  readonly #size: number;

  constructor(settings: { readonly name: string; readonly size: number }) {
    super({ name: settings.name });
    this.#size = settings.size;
  }

  /** Replaces axis `axis` (1 or 2) of `[batch, height, width, channels]` by its bins. */
  protected abstract poolAxis(x: Tensor, axis: 1 | 2, bins: number): Tensor;

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, , , channels] = inputShape as Shape;
    return [batch!, this.#size, this.#size, channels!];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tf.tidy(() => this.poolAxis(this.poolAxis(onlyInput(inputs), 1, this.#size), 2, this.#size));
  }

  override getConfig() {
    return { ...super.getConfig(), size: this.#size };
  }
}

/** Settings of tfjs's own pooling layers, of which we make them. */
type StockPooling = (settings: Parameters<typeof tf.layers.maxPooling2d>[0]) => layers.Layer;

/** `stock` with windows of equal size where the bins divide the sides evenly, which exports; elsewhere `Adaptive`. */
export function adaptivePool(
  { name, size }: { readonly name: string; readonly size: number },
  stock: StockPooling,
  Adaptive: new (settings: { readonly name: string; readonly size: number }) => AdaptivePooling2D,
): LayerChain {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`Pooling '${name}': size must be at least 1`);
  return {
    apply(input) {
      const [, height, width] = input.shape;
      if (height != null && width != null && height % size === 0 && width % size === 0) {
        const poolSize: [number, number] = [height / size, width / size];
        return stock({ name, poolSize, strides: poolSize, padding: 'valid' }).apply(input) as SymbolicTensor;
      }
      return new Adaptive({ name, size }).apply(input) as SymbolicTensor;
    },
  };
}
