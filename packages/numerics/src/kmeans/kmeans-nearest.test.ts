import { expect, it } from 'vitest';
import { normal, randomKey } from '@selfsup/kit/random';
import { deviceCentroids, deviceRows, nearestTwo } from './kmeans-nearest.ts';

it.each([1, 2, 64, 65, 101, 300])('finds the two greatest scores of %i centroids', (k) => {
  const width = 5;
  const key = randomKey(k);
  const rows = Float32Array.from({ length: 200 * width }, (_, i) => normal(key, i));
  const centroids = Float32Array.from({ length: k * width }, (_, i) => normal(key, 100000 + i));
  const device = deviceCentroids(centroids, width);
  const tensor = deviceRows(rows, width);
  const found = nearestTwo(tensor, device);
  for (let row = 0; row < 200; row++) {
    const scores = Array.from({ length: k }, (_, c) => {
      let score = 0;
      for (let i = 0; i < width; i++) {
        score += rows[row * width + i]! * centroids[c * width + i]! - centroids[c * width + i]! ** 2 / 2;
      }
      return score;
    });
    const order = scores.map((_, c) => c).sort((a, b) => scores[b]! - scores[a]!);
    expect(found.slot[row]).toBe(order[0]);
    expect(found.best[row]).toBeCloseTo(scores[order[0]!]!, 4);
    if (k > 1) expect(found.second[row]).toBeCloseTo(scores[order[1]!]!, 4);
    else expect(found.second[row]).toBeLessThan(-1e38);
  }
  device.dispose();
  tensor.dispose();
});

it('takes the first of equal centroids, and the second for the bound', () => {
  const centroids = new Float32Array(200).fill(9);
  for (const twin of [30, 77, 150]) centroids[twin] = 1;
  const device = deviceCentroids(centroids, 1);
  const tensor = deviceRows(Float32Array.of(1.5), 1);
  expect(nearestTwo(tensor, device)).toEqual({
    best: Float32Array.of(1),
    slot: Int32Array.of(30),
    second: Float32Array.of(1),
  });
  const some = deviceCentroids(centroids, 1, Int32Array.of(3, 77));
  expect([...nearestTwo(tensor, some).slot]).toEqual([1]);
  [device, tensor, some].forEach((held) => held.dispose());
});
