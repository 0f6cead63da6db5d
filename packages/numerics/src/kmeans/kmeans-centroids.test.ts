import { expect, it } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import { meansOf, movedClusters, splitEmptyClusters } from './kmeans-centroids.ts';

it('means of clusters are their sums over their counts; an empty cluster stays', () => {
  const means = meansOf(Float64Array.of(2, 4, 0, 0, -9, 3), Int32Array.of(2, 0, 3), Float32Array.of(9, 9, 7, 8, 9, 9));
  expect([...means]).toEqual([1, 2, 7, 8, -3, 1]);
});

it('splits a cluster in two by factors that alternate, the step of faiss', () => {
  const centroids = Float32Array.of(1024, 2048, -1024, 7, 7, 7);
  expect(splitEmptyClusters(centroids, Int32Array.of(10, 0), 10, randomKey(1))).toBe(1);
  expect([...centroids]).toEqual([1023, 2050, -1023, 1025, 2046, -1025]);
});

it('finds donors in proportion to their size', () => {
  // (n_j − 1)/(n − k) is 0.2, 0.7, 0.07 and below 0. In a cyclic scan the first is taken with probability
  // 0.2 + 0.8 · 0.3 · 0.93 · 0.2 + …
  const expected = 0.2 / (1 - 0.8 * 0.3 * 0.93);
  const draws = 4000;
  let first = 0;
  for (let seed = 0; seed < draws; seed++) {
    const centroids = Float32Array.of(1, 100, 200, 0);
    splitEmptyClusters(centroids, Int32Array.of(21, 71, 8, 0), 104, randomKey(seed));
    if (centroids[3]! < 2) first++;
  }
  expect(Math.abs(first / draws - expected)).toBeLessThan(0.03);
});

it('names clusters whose centroid has other bits', () => {
  expect([...movedClusters(Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(1, 2, 3, 4.5, 0, 6), 2)]).toEqual([1, 2]);
});
