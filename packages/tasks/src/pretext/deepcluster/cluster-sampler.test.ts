import { describe, expect, test } from 'vitest';
import { permutation, randomKey } from '@selfsup/kit/random';
import { drawAsReleased, drawUniformly } from './cluster-sampler.ts';

/** Clusters of these sizes, whose images do not lie together. */
function clustersOf(sizes: readonly number[]) {
  const images = sizes.reduce((a, b) => a + b, 0);
  const bounds = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b, 0));
  const clusterOf = Array.from(permutation(randomKey(9), images), (i) => bounds.findIndex((end) => i < end));
  const members = sizes.map((_, cluster) =>
    Uint32Array.from([...clusterOf.keys()].filter((place) => clusterOf[place] === cluster)),
  );
  /** Draws from each cluster. */
  const drawsOf = (drawn: Uint32Array): number[] => {
    const draws = sizes.map(() => 0);
    for (const place of drawn) draws[clusterOf[place]!]!++;
    return draws;
  };
  return { images, clusterOf, members, drawsOf };
}

const { images, clusterOf, members, drawsOf } = clustersOf([4000, 600, 300, 99, 1]);

describe('uniform sampling over clusters', () => {
  test('draws as many images as there are, the same number from each cluster but for the cut', () => {
    const drawn = drawUniformly(members, randomKey(1));
    expect(drawn).toHaveLength(images);
    // 5 · 1001 draws are cut to 5000.
    for (const draws of drawsOf(drawn)) {
      expect(draws).toBeGreaterThanOrEqual(1001 - 5);
      expect(draws).toBeLessThanOrEqual(1001);
    }
  });

  test('draws none twice from a cluster that is large enough, and evenly from one that is not', () => {
    const drawn = drawUniformly(members, randomKey(2));
    const ofLarge = [...drawn].filter((place) => clusterOf[place] === 0);
    expect(new Set(ofLarge).size).toBe(ofLarge.length);
    const times = new Map<number, number>();
    for (const place of drawn) if (clusterOf[place] === 3) times.set(place, (times.get(place) ?? 0) + 1);
    // 1001 draws with replacement from 99 images: about 10.1 each, standard deviation 3.2.
    const spread = [...members[3]!].map((place) => times.get(place) ?? 0);
    expect(Math.max(...spread)).toBeLessThan(26);
    expect(spread.filter((count) => count === 0).length).toBeLessThan(2);
    const variance = spread.reduce((sum, count) => sum + (count - 10.1) ** 2, 0) / 99;
    expect(variance).toBeGreaterThan(5);
    expect(variance).toBeLessThan(16);
  });

  test('mixes the clusters, by the key alone', () => {
    const drawn = drawUniformly(members, randomKey(3));
    const half = drawsOf(drawn.subarray(0, images / 2));
    for (const draws of half) expect(Math.abs(draws - 500)).toBeLessThan(90);
    expect(drawUniformly(members, randomKey(3))).toEqual(drawn);
    expect(drawUniformly(members, randomKey(4))).not.toEqual(drawn);
  });
});

describe('sampling as the released code does', () => {
  test('large clusters prevail, in proportion to their sizes', () => {
    const sizes = [3000, 1200, 600, 200];
    const unequal = clustersOf(sizes);
    const drawn = drawAsReleased(unequal.members, randomKey(1));
    expect(drawn).toHaveLength(5000);
    const shares = unequal.drawsOf(drawn).map((draws) => draws / 5000);
    sizes.forEach((size, cluster) => expect(Math.abs(shares[cluster]! - size / 5000)).toBeLessThan(0.04));
  });

  test('reads the draws as places in the list sorted by cluster', () => {
    const key = randomKey(5);
    const sorted = members.flatMap((places) => [...places]);
    expect([...drawAsReleased(members, key)]).toEqual([...drawUniformly(members, key)].map((place) => sorted[place]));
  });
});
