import type { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';

/** Images after their transformations, and the numbers that the decoder is to find. */
interface Sample {
  /** `[batch, height, width, channels]`, 0..255. */
  readonly images: tf.Tensor4D;
  /** `[batch, components]`. */
  readonly targets: tf.Tensor2D;
}

/** A family of transformations t, each described by a row of numbers, on the device. */
export interface Transformation {
  /** Length of a description. */
  readonly components: number;
  /** Whether every component lies in [−1, 1], so that the decoder ends in a tanh. */
  readonly bounded: boolean;
  /** Which components belong together, by a name for the metrics. */
  readonly groups: Readonly<Record<string, readonly number[]>>;
  /**
   * Transforms images `[batch, height, width, channels]` of 0..255, each by a draw of its own: a function of `key` and
   * of its number, counted from `first`.
   */
  sample(images: tf.Tensor4D, key: RandomKey, first?: number): Sample;
  /** Transforms images by given descriptions, or estimates of them, `[batch, components]`. */
  apply(images: tf.Tensor4D, descriptions: tf.Tensor2D): tf.Tensor4D;
  /** The training loss of estimates `[batch, components]`, a mean over the batch. */
  loss(estimates: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar;
}

/** Rows of a tensor `[rows, columns]`, read from the device. */
export function rowsOf(tensor: tf.Tensor2D): Float32Array[] {
  const [rows, columns] = tensor.shape;
  const values = tensor.dataSync() as Float32Array;
  return Array.from({ length: rows }, (_, i) => values.subarray(i * columns, (i + 1) * columns));
}
