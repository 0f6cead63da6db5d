import type { Shape, SymbolicTensor, Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../../platform.ts';
import type { LayerChain } from './padded-pooling.ts';
import { onlyInput } from '../stock.ts';

/** Stock tfjs has no layer that samples at pixel centres. */
class BilinearResize2D extends tf.layers.Layer {
  static readonly className = 'BilinearResize2D';
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
    return tf.image.resizeBilinear(onlyInput(inputs) as Tensor4D, [this.#size, this.#size], false, true);
  }

  override getConfig() {
    return { ...super.getConfig(), size: this.#size };
  }
}

/**
 * Bilinear sampling of feature maps at `size` × `size` points, pixels taken at their centres and nothing averaged:
 * PyTorch's `interpolate(mode='bilinear', align_corners=False)`.
 */
export function bilinearResize(settings: { readonly name: string; readonly size: number }): LayerChain {
  const { name, size } = settings;
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`Resizing '${name}': size must be at least 1`);
  return { apply: (input) => new BilinearResize2D({ name, size }).apply(input) as SymbolicTensor };
}
