import { deviceNormal, deviceUniform } from '@selfsup/engine/platform';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';

type Initialiser = ReturnType<typeof tf.initializers.zeros>;

// tfjs exports no class to extend; the one behind its factory serves. Exported models name it, so stock tfjs must
// know the name; weights replace what it would draw.
const Zeros = tf.initializers.zeros().constructor as new () => Initialiser;

class Keyed extends Zeros {
  readonly #draw: (shape: readonly number[]) => tf.Tensor;

  constructor(draw: (shape: readonly number[]) => tf.Tensor) {
    super();
    this.#draw = draw;
  }

  override apply(shape: readonly (number | null)[]): tf.Tensor {
    return this.#draw(shape as readonly number[]);
  }
}

/**
 * He et al. 2015 (arXiv:1502.01852, §2.2, backward form): normal with variance 2 / (k² · filters) for a
 * kernel `[k, k, in, filters]`. The same key and shape give the same weights on every run.
 */
export function heFanOut(key: RandomKey): Initialiser {
  return new Keyed((shape) => {
    const receptive = shape.slice(0, -2).reduce((a, b) => a * b, 1);
    return deviceNormal(key, shape, 0, Math.sqrt(2 / (receptive * shape.at(-1)!)));
  });
}

/** Normal with variance 2 / units for a matrix `[in, units]`: how RotNet's evaluation heads begin. */
export function linearFanOut(key: RandomKey): Initialiser {
  return heFanOut(key);
}

/** Uniform in ±1/√`fanIn`: PyTorch's default for weights and biases of linear and convolutional layers. */
export function uniformFanIn(key: RandomKey, fanIn: number): Initialiser {
  const bound = 1 / Math.sqrt(fanIn);
  return new Keyed((shape) => deviceUniform(key, shape, -bound, bound));
}

/** Glorot and Bengio 2010: uniform in ±√(6 / (in + units)) for a matrix `[in, units]`. */
export function xavierUniform(key: RandomKey): Initialiser {
  return new Keyed((shape) => {
    const bound = Math.sqrt(6 / (shape[0]! + shape[1]!));
    return deviceUniform(key, shape, -bound, bound);
  });
}

/** Normal around 0 with standard deviation `std`: Caffe's "gaussian" filler. */
export function gaussian(key: RandomKey, std: number): Initialiser {
  return new Keyed((shape) => deviceNormal(key, shape, 0, std));
}

/** The same value everywhere, written by TensorFlow: what tfjs makes an array in JavaScript for stays until that is collected. */
export function constant(value: number): Initialiser {
  const fill = (shape: readonly (number | null)[]) => tf.fill(shape as number[], value);
  return Object.assign(tf.initializers.constant({ value }), { apply: fill });
}
