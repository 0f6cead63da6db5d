import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { integer, type RandomKey } from '@selfsup/kit/random';
import { kmeans } from '@selfsup/numerics/kmeans';
import { fitPca } from '@selfsup/numerics/pca';
import { memoryRows } from '@selfsup/numerics/row-source';

/** Added to a variance before its root divides: directions that hardly vary are not blown up. */
const WHITENING_FLOOR = 1e-3;
/** Directions that vary less than this are noise and are left out. */
const LEAST_VARIANCE = 1e-6;

/** Feature maps `[images, height, width, channels]` in memory. */
export interface Maps {
  readonly values: Float32Array;
  readonly shape: readonly [number, number, number, number];
}

/** Rows and columns of a patch, and the run of channels that it takes. */
export interface PatchSize {
  readonly height: number;
  readonly width: number;
  readonly firstChannel: number;
  readonly channels: number;
}

/** `count` patches at random places that lie wholly in the maps: rows of `height · width · channels` values. */
export function drawPatches({ values, shape }: Maps, size: PatchSize, count: number, key: RandomKey): Float32Array {
  const [images, height, width, channels] = shape;
  // Maps smaller than the kernel are padded by the layer itself; zeros stand for what lies outside.
  const places = [Math.max(1, height - size.height + 1), Math.max(1, width - size.width + 1)] as const;
  const length = size.height * size.width * size.channels;
  const patches = new Float32Array(count * length);
  for (let patch = 0; patch < count; patch++) {
    const image = integer(key, images, 3 * patch);
    const top = integer(key, places[0], 3 * patch + 1);
    const left = integer(key, places[1], 3 * patch + 2);
    for (let y = 0; y < Math.min(size.height, height); y++)
      for (let x = 0; x < Math.min(size.width, width); x++) {
        const from = ((image * height + top + y) * width + left + x) * channels + size.firstChannel;
        const to = patch * length + (y * size.width + x) * size.channels;
        patches.set(values.subarray(from, from + size.channels), to);
      }
  }
  return patches;
}

export interface FilterOptions {
  readonly filters: number;
  readonly iterations: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Filters `[filters, width]` from patches `[rows, width]`: the patches, centred, are whitened along at most as many principal
 * directions as there are filters, brought to unit length and clustered; the centroids go back through the whitening.
 * Throws `UserError` for fewer patches than filters.
 */
export async function patchFilters(
  patches: Float32Array,
  width: number,
  options: FilterOptions,
): Promise<Float32Array> {
  const { filters, iterations, seed, signal } = options;
  const rows = patches.length / width;
  if (rows <= filters)
    throw new UserError(`${rows} patches for ${filters} filters`, { field: 'task.patches', remedy: 'Take more.' });
  const components = Math.min(filters, width, rows - 1);
  const { mean, axes, variances } = await fitPca(memoryRows(patches, width), { components, signal });
  const whitening = axes.slice();
  for (let i = 0; i < whitening.length; i++) {
    const variance = variances[Math.floor(i / width)]!;
    whitening[i]! *= variance < LEAST_VARIANCE ? 0 : 1 / Math.sqrt(variance + WHITENING_FLOOR);
  }
  const directions = whiten(patches, mean, whitening, width);
  const { centroids } = await kmeans(memoryRows(directions, components), { k: filters, seed, iterations, signal });
  return unwhiten(centroids, whitening, width);
}

/** Whitened rows of unit length; those that do not differ from the mean stay 0. */
function whiten(patches: Float32Array, mean: Float32Array, whitening: Float32Array, width: number): Float32Array {
  const result = tf.tidy(() => {
    const centred = tf.tensor2d(patches, [patches.length / width, width]).sub(tf.tensor1d(mean));
    const rows = centred.matMul(tf.tensor2d(whitening, [whitening.length / width, width]), false, true);
    return rows.div(rows.norm('euclidean', 1, true).maximum(1e-12));
  });
  return read(result);
}

/** Centroids of whitened patches as filters on patches. */
function unwhiten(centroids: Float32Array, whitening: Float32Array, width: number): Float32Array {
  const components = whitening.length / width;
  const result = tf.tidy(() =>
    tf
      .tensor2d(centroids, [centroids.length / components, components])
      .matMul(tf.tensor2d(whitening, [components, width])),
  );
  return read(result);
}

function read(result: tf.Tensor): Float32Array {
  const values = result.dataSync() as Float32Array;
  result.dispose();
  return values;
}
