import type { layers, Shape, SymbolicTensor, Tensor } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../ops/library.ts';
import type { LayerChain } from './padded-pooling.ts';

/** Mean over height and width: `[batch, height, width, channels]` to `[batch, channels]`. tfjs's own layer. */
export function globalAveragePool(settings: { readonly name: string }): layers.Layer {
  return tf.layers.globalAveragePooling2d({ name: settings.name, dataFormat: 'channelsLast' });
}

/**
 * `[bins, length]`: row i averages pixels floor(i·length/bins) up to ceil((i+1)·length/bins), which is PyTorch's
 * rule; neighbouring bins overlap where the division leaves a rest.
 */
function binWeights(bins: number, length: number): Tensor {
  const weights = new Float32Array(bins * length);
  for (let bin = 0; bin < bins; bin++) {
    const start = Math.floor((bin * length) / bins);
    const end = Math.ceil(((bin + 1) * length) / bins);
    weights.fill(1 / (end - start), bin * length + start, bin * length + end);
  }
  return tf.tensor2d(weights, [bins, length]);
}

/** Replaces axis `axis` (1 or 2) of `[batch, height, width, channels]` by its bins' means. */
function averageBins(x: Tensor, axis: 1 | 2, bins: number): Tensor {
  const others = [0, 1, 2, 3].filter((other) => other !== axis);
  const order = [...others, axis];
  const moved = x.transpose(order);
  const flat = moved.reshape([-1, x.shape[axis]!]);
  const means = tf.matMul(flat as never, binWeights(bins, x.shape[axis]!) as never, false, true);
  const back = order.map((_, i) => order.indexOf(i));
  return (means as Tensor).reshape([...moved.shape.slice(0, 3), bins]).transpose(back);
}

/** Adaptive average pooling for sides that the bins do not divide. Stock tfjs has no such layer. */
class AdaptiveAveragePooling2D extends tf.layers.Layer {
  static readonly className = 'AdaptiveAveragePooling2D';
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
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      return averageBins(averageBins(x, 1, this.#size), 2, this.#size);
    });
  }

  override getConfig() {
    return { ...super.getConfig(), size: this.#size };
  }
}

/**
 * Average pooling to `size` × `size` bins, whatever the input's sides: PyTorch's `AdaptiveAvgPool2d`. Where
 * the bins divide the sides evenly it is tfjs's AveragePooling2D, which exports; elsewhere a layer of ours.
 */
export function adaptiveAveragePool(settings: { readonly name: string; readonly size: number }): LayerChain {
  const { name, size } = settings;
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`Pooling '${name}': size must be at least 1`);
  return {
    apply(input) {
      const [, height, width] = input.shape;
      if (height != null && width != null && height % size === 0 && width % size === 0) {
        const poolSize: [number, number] = [height / size, width / size];
        const pool = tf.layers.averagePooling2d({ name, poolSize, strides: poolSize, padding: 'valid' });
        return pool.apply(input) as SymbolicTensor;
      }
      return new AdaptiveAveragePooling2D({ name, size }).apply(input) as SymbolicTensor;
    },
  };
}
