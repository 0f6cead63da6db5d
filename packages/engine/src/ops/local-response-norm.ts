import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { type } from '../attributes.ts';
import { defineOp, kernel, tf, usesGpu } from '../platform.ts';

/** TensorFlow's terms: x / (bias + alpha · Σ x²)^beta over `radius` channels on each side. */
export interface LocalResponseAttributes {
  readonly radius: number;
  readonly bias: number;
  readonly alpha: number;
  readonly beta: number;
}

/** With more channels, the product by a band of them costs more than TensorFlow's loops. */
const MOST_CHANNELS = 512;

const rowsOf = (x: Tensor): Tensor2D => x.reshape([-1, x.shape.at(-1)!]);

/** Sums over the window, for rows of channels, times `factor`: a product by a matrix that is `factor` near its diagonal. */
function windowSums(rows: Tensor2D, radius: number, factor: number): Tensor2D {
  const channels = rows.shape[1];
  const reach = tf.scalar(Math.min(radius, channels - 1), 'int32');
  const full = tf.fill([channels, channels], factor);
  const [band] = kernel('MatrixBandPart', { T: type('float32'), Tindex: type('int32') }, [full, reach, reach]);
  return tf.matMul(rows, band as Tensor2D);
}

/** What values are divided by before it is raised to beta, and its power −beta. */
function scaleOf(rows: Tensor2D, { radius, bias, alpha, beta }: LocalResponseAttributes) {
  const base = windowSums(rows.square(), radius, alpha).add<Tensor2D>(bias);
  if (beta !== 0.75) return { base, power: base.pow<Tensor2D>(-beta) };
  const root = base.rsqrt<Tensor2D>();
  return { base, power: root.mul<Tensor2D>(root.sqrt()) };
}

// TensorFlow's own op goes through the channels of each pixel one by one: one and a half times as long, and three times on the way back.
const normalise = defineOp<LocalResponseAttributes>({
  name: 'SelfsupLocalResponseNorm',
  forward: ({ x }, attributes) =>
    tf.tidy(() => {
      const rows = rowsOf(x!);
      return rows.mul(scaleOf(rows, attributes).power).reshape(x!.shape);
    }),
  saveInputs: ['x'],
  backward: (dy, [x], attributes) => ({
    x: () =>
      tf.tidy(() => {
        const rows = rowsOf(x!);
        const { base, power } = scaleOf(rows, attributes);
        const direct = rowsOf(dy).mul<Tensor2D>(power);
        const { radius, alpha, beta } = attributes;
        const others = windowSums(direct.mul<Tensor2D>(rows).div(base), radius, 2 * alpha * beta);
        return direct.sub(others.mul(rows)).reshape(x!.shape);
      }),
  }),
});

/**
 * Local response normalisation of `[batch, height, width, channels]` across channels: by matrix products on a CPU, by
 * TensorFlow's own op on a GPU, where products may round to fewer bits, and for many channels. Differentiable.
 */
export function localResponseNormalise(x: Tensor4D, attributes: LocalResponseAttributes): Tensor4D {
  const { radius, bias, alpha, beta } = attributes;
  if (usesGpu() || x.shape[3] > MOST_CHANNELS) {
    return tf.localResponseNormalization(x, radius, bias, alpha, beta);
  }
  return normalise({ x }, { radius, bias, alpha, beta })[0] as Tensor4D;
}
