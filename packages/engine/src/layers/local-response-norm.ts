import type { layers, Tensor, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { tf } from '../platform.ts';
import { localResponseNormalise } from '../ops/local-response-norm.ts';
import { onlyInput } from './stock.ts';

/** Settings of `localResponseNorm`, in Caffe's and PyTorch's terms. */
export interface LocalResponseNormSettings {
  readonly name: string;
  /** Channels in the window, odd. Default 5. */
  readonly size?: number;
  /** Weight of the window's mean square (not of its sum, which is what TensorFlow's own alpha multiplies). Default 1e-4. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
  /** Caffe's and PyTorch's k, TensorFlow's bias. Default 1. */
  readonly k?: number;
}

/** Stock tfjs has no such layer. */
class LocalResponseNormalization extends tf.layers.Layer {
  static readonly className = 'LocalResponseNormalization';
  readonly #settings: Required<Omit<LocalResponseNormSettings, 'name'>>;

  constructor({ name, ...settings }: Required<LocalResponseNormSettings>) {
    super({ name });
    this.#settings = settings;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { size, alpha, beta, k } = this.#settings;
    const attributes = { radius: (size - 1) / 2, bias: k, alpha: alpha / size, beta };
    return localResponseNormalise(onlyInput(inputs) as Tensor4D, attributes);
  }

  override getConfig() {
    return { ...super.getConfig(), ...this.#settings };
  }
}

/**
 * Local response normalisation across channels (Krizhevsky et al. 2012, §3.3), for `[batch, height, width, channels]`:
 * each value is divided by (k + alpha / size · Σ x²)^beta, the sum running over the `size` channels around its own, fewer
 * at the ends. Defaults are those of Caffe's AlexNet.
 */
export function localResponseNorm(settings: LocalResponseNormSettings): layers.Layer {
  const { name, size = 5, alpha = 1e-4, beta = 0.75, k = 1 } = settings;
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) {
    throw new RangeError(`Local response normalisation '${name}': size must be odd and at least 1, got ${size}`);
  }
  return new LocalResponseNormalization({ name, size, alpha, beta, k });
}
