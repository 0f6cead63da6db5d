import { randomKey, uniform, type RandomKey } from '@selfsup/kit/random';

/** Relative size of the step by which the two halves of a split cluster are moved apart, as in faiss. */
const splitStep = 1 / 1024;

/**
 * Centroids `[counts.length, width]` that are the means of their rows, from sums of the rows; those of clusters
 * without rows stay as they are in `centroids`, which is not changed.
 */
export function meansOf(sums: Float64Array, counts: Int32Array, centroids: Float32Array): Float32Array {
  const width = centroids.length / counts.length;
  const means = centroids.slice();
  for (let cluster = 0; cluster < counts.length; cluster++) {
    const count = counts[cluster]!;
    if (count === 0) continue;
    const end = (cluster + 1) * width;
    for (let i = cluster * width; i < end; i++) means[i] = sums[i]! / count;
  }
  return means;
}

/**
 * Gives each empty cluster half of another one, as faiss does (Clustering.cpp): the donor is found by a cyclic scan
 * that accepts cluster j with probability (n_j − 1)/(n − k); its centroid is copied, and the two are moved apart by
 * factors 1 ± 1/1024 that alternate with the dimension. Changes `centroids` and returns how many clusters were empty.
 */
export function splitEmptyClusters(centroids: Float32Array, counts: Int32Array, rows: number, key: RandomKey): number {
  const k = counts.length;
  const width = centroids.length / k;
  const sizes = counts.slice();
  let empty = 0;
  let draws = 0;
  for (let cluster = 0; cluster < k; cluster++) {
    if (sizes[cluster] !== 0) continue;
    empty++;
    let donor = 0;
    while (!(uniform(key, draws++) < (sizes[donor]! - 1) / (rows - k))) donor = (donor + 1) % k;
    for (let i = 0; i < width; i++) {
      const value = centroids[donor * width + i]!;
      const step = i % 2 === 0 ? splitStep : -splitStep;
      centroids[cluster * width + i] = value * (1 + step);
      centroids[donor * width + i] = value * (1 - step);
    }
    sizes[cluster] = Math.floor(sizes[donor]! / 2);
    sizes[donor]! -= sizes[cluster]!;
  }
  return empty;
}

/** The key of the draws that one iteration's splits make. */
export function splitKey(seed: number, restart: number, iteration: number): RandomKey {
  return randomKey(seed, 'k-means', 'split', restart, iteration);
}

/** Numbers of the clusters whose centroid is not bit for bit the same in both. */
export function movedClusters(before: Float32Array, after: Float32Array, width: number): Int32Array {
  const moved: number[] = [];
  for (let start = 0; start < before.length; start += width) {
    let i = start;
    while (i < start + width && before[i] === after[i]) i++;
    if (i < start + width) moved.push(start / width);
  }
  return Int32Array.from(moved);
}
