import { kernel, type as typeAttribute } from '@selfsup/engine/kernel';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { Progress } from '@selfsup/kit/progress';
import { stopIfAsked } from '@selfsup/kit/stage';
import { mappedRows, refuseNonFinite, type RowSource } from './row-source.ts';

export interface PcaOptions {
  /** Values a row afterwards; at most the width of the rows, and fewer than there are rows. */
  readonly components: number;
  /** Rows that are read at a time. The results' last bits may depend on it. */
  readonly chunkRows?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Principal axes of rows of `width` values, by falling variance. */
export interface Pca {
  readonly width: number;
  readonly components: number;
  /** `[width]`. */
  readonly mean: Float32Array;
  /** `[components, width]`: unit vectors, the value of greatest magnitude in each being positive. */
  readonly axes: Float32Array;
  /** Variance of the rows along each axis (divided by rows − 1), `[components]`. */
  readonly variances: Float32Array;
  /** Sum of the variances along all `width` axes. */
  readonly totalVariance: number;
}

export interface ProjectionOptions {
  /** Power of the variance that values along an axis are multiplied by: 0 leaves them, −½ (the default) whitens. */
  readonly eigenPower?: number | undefined;
  /** Whether rows are then divided by their L2 norm; rows of norm 0 stay 0. */
  readonly normalise?: boolean | undefined;
}

/** Variances below this part of the greatest one are rounding errors of float32: rows do not vary along such an axis. */
const leastVariance = 1e-7;

/** Values that are multiplied at a time, 32 MB: a covariance is added up in float64 between such pieces. */
const productValues = 8 * 2 ** 20;

/**
 * Finds principal axes from the covariance of all rows, which are read once, piece by piece; memory is 24 bytes a
 * value of the covariance `[width, width]`, whatever the number of rows.
 *
 * Throws `UserError` naming `components` where it is wider than the rows or not below their number, and the first
 * row with a NaN or an infinity; `Interrupted` when the signal is aborted.
 */
export async function fitPca(source: RowSource, options: PcaOptions): Promise<Pca> {
  const { rows, width } = source;
  const { components } = options;
  checkComponents(components, rows, width);
  const { mean, covariance } = await covarianceOf(source, options);
  let totalVariance = 0;
  for (let i = 0; i < width; i++) totalVariance += covariance[i * width + i]!;
  const [values, vectors] = tf.tidy(() => {
    const matrix = tf.tensor2d(covariance, [width, width]);
    const attributes = { T: typeAttribute('float32'), compute_v: true };
    const [all, columns] = kernel('SelfAdjointEigV2', attributes, [matrix], 2) as [tf.Tensor, tf.Tensor2D];
    // Variances rise from column to column.
    const first = width - components;
    return [all.slice([first]).reverse(), columns.slice([0, first]).reverse(1).transpose() as tf.Tensor] as const;
  });
  const variances = values.dataSync<'float32'>().map((value) => Math.max(0, value));
  const axes = vectors.dataSync<'float32'>().slice();
  tf.dispose([values, vectors]);
  fixSigns(axes, width);
  return { width, components, mean, axes, variances, totalVariance };
}

/**
 * Rows projected on principal axes, `[source.rows, pca.components]`, computed as they are read. Along an axis on
 * which the fitted rows do not vary, whitened rows are 0. Throws `UserError` where the rows have another width.
 */
export function projectedRows(source: RowSource, pca: Pca, options: ProjectionOptions = {}): RowSource {
  const { width, components } = pca;
  const { eigenPower = -0.5, normalise = false } = options;
  if (source.width !== width) {
    throw new UserError(`PCA: rows hold ${source.width} values, the axes ${width}`, { field: 'width' });
  }
  const floor = pca.variances[0]! * leastVariance;
  const scaled = pca.axes.slice();
  const shift = new Float32Array(components);
  for (let axis = 0; axis < components; axis++) {
    const variance = pca.variances[axis]!;
    const scale = eigenPower === 0 ? 1 : variance > floor ? variance ** eigenPower : 0;
    let offset = 0;
    for (let i = axis * width; i < (axis + 1) * width; i++) {
      scaled[i]! *= scale;
      offset += scaled[i]! * pca.mean[i - axis * width]!;
    }
    shift[axis] = offset;
  }
  return mappedRows(source, components, (values, count) => {
    const projected = tf.tidy(() => {
      const axes = tf.tensor2d(scaled, [components, width]);
      return tf.matMul(tf.tensor2d(values, [count, width]), axes, false, true).sub(tf.tensor1d(shift));
    });
    const result = projected.dataSync<'float32'>().slice();
    projected.dispose();
    if (normalise) normaliseRows(result, components);
    return result;
  });
}

/** Divides each row of `[count, width]` by its L2 norm, in place; rows of norm 0 stay 0. Returns how many those are. */
export function normaliseRows(values: Float32Array, width: number): number {
  let zeros = 0;
  for (let start = 0; start < values.length; start += width) {
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += values[i]! * values[i]!;
    if (squares === 0) {
      zeros++;
      continue;
    }
    const scale = 1 / Math.sqrt(squares);
    for (let i = start; i < start + width; i++) values[i]! *= scale;
  }
  return zeros;
}

function checkComponents(components: number, rows: number, width: number): void {
  const field = 'components';
  if (!Number.isSafeInteger(components) || components < 1) {
    throw new UserError(`PCA: components must be a whole number from 1 on, got ${components}`, { field });
  }
  if (components > width) {
    const remedy = `Set components to at most ${width}, the number of values in a row.`;
    throw new UserError(`PCA: ${components} components are more than the ${width} values of a row`, { field, remedy });
  }
  if (components >= rows) {
    const remedy = `Set components to at most ${rows - 1}, or give more rows.`;
    throw new UserError(`PCA: ${components} components need more than ${rows} rows`, { field, remedy });
  }
}

/** Mean `[width]` and covariance `[width, width]` (divided by rows − 1) of all rows, in one pass. */
async function covarianceOf(source: RowSource, { chunkRows, progress, signal }: PcaOptions) {
  const { rows, width } = source;
  const step = chunkRows ?? Math.max(64, Math.min(8192, Math.floor(productValues / width)));
  const phase = progress?.phase('covariance', rows, 'rows');
  const products = new Float64Array(width * width);
  const sums = new Float64Array(width);
  // Rows are taken relative to the mean of the first ones, or a mean far from 0 would cost digits.
  let origin: Float32Array | undefined;
  for (let start = 0; start < rows; start += step) {
    await stopIfAsked(signal, 'Stopped while computing principal components');
    const count = Math.min(step, rows - start);
    const values = await source.read(start, count);
    refuseNonFinite(values, width, start);
    const shifted = tf.tidy(() => {
      const batch = tf.tensor2d(values, [count, width]);
      origin ??= (batch.mean(0) as tf.Tensor).dataSync<'float32'>().slice();
      return batch.sub(tf.tensor1d(origin)) as tf.Tensor2D;
    });
    const product: tf.Tensor = tf.matMul(shifted, shifted, true, false);
    const sum: tf.Tensor = shifted.sum(0);
    addTo(products, product.dataSync<'float32'>());
    addTo(sums, sum.dataSync<'float32'>());
    tf.dispose([shifted, product, sum]);
    phase?.advance(count);
  }
  phase?.done();
  const mean = new Float32Array(width);
  const covariance = new Float32Array(width * width);
  for (let i = 0; i < width; i++) {
    mean[i] = origin![i]! + sums[i]! / rows;
    for (let j = 0; j < width; j++) {
      covariance[i * width + j] = (products[i * width + j]! - (sums[i]! * sums[j]!) / rows) / (rows - 1);
    }
  }
  return { mean, covariance };
}

function addTo(total: Float64Array, part: Float32Array): void {
  for (let i = 0; i < part.length; i++) total[i]! += part[i]!;
}

/** Turns each axis so that its value of greatest magnitude (the first of equals) is positive. */
function fixSigns(axes: Float32Array, width: number): void {
  for (let start = 0; start < axes.length; start += width) {
    let greatest = start;
    for (let i = start; i < start + width; i++) {
      if (Math.abs(axes[i]!) > Math.abs(axes[greatest]!)) greatest = i;
    }
    if (axes[greatest]! >= 0) continue;
    for (let i = start; i < start + width; i++) axes[i] = -axes[i]!;
  }
}
