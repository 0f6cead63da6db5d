import { expect, test } from 'vitest';
import { metricValues } from '@selfsup/kit/metric';
import { integer, randomKey } from '@selfsup/kit/random';
import { dryRun } from '@selfsup/kit/stage';
import { normals } from '../../testing/in-memory.ts';
import { publishedFeatures } from '../../testing/published-features.ts';
import { run } from '../../testing/stages.ts';
import clusteringScores from './clustering-scores.ts';

const classes = ['a', 'b', 'c', 'd'];

/** Four classes far apart along the axes of a sphere, each in two lumps: `[images, 1, 1, 8]`. */
function lumps(name: string, images: number) {
  const key = randomKey(3, name);
  const lump = Int32Array.from({ length: images }, (_, i) => (i < 8 ? i : integer(key, 8, i)));
  const noise = normals(name, images * 8);
  const features = noise.map((value, i) => 0.02 * value + (lump[Math.floor(i / 8)] === i % 8 ? 3 : 0));
  return { features, labels: lump.map((value) => value % 4) };
}
const parts = { train: lumps('train', 240), test: lumps('test', 120) };
const features = publishedFeatures('conv5', [1, 1, 8], classes, parts);

test('lumps of one class each are found: pure, but split in two', async () => {
  const config = { layers: ['conv5'], k: [8], restarts: 8 };
  const { metrics } = await run(clusteringScores, 'lumps', config, { features });
  const at = (score: string) => metricValues(metrics)[`clusters/kmeans-k8/conv5/${score}`]!;
  expect(Object.keys(metricValues(metrics))).toHaveLength(7);
  expect(at('purity')).toBe(1);
  // Pure clusters know all about the classes: MI is the classes' entropy, the lesser of the two.
  expect(at('nmi-min')).toBeCloseTo(1, 12);
  const counts = (of: Int32Array) => [...new Set(of)].map((value) => of.filter((other) => other === value).length);
  const entropy = (sizes: number[]) => sizes.reduce((sum, size) => sum - (size / 240) * Math.log(size / 240), 0);
  const byLump = Int32Array.from({ length: 240 }, (_, i) => {
    const row = parts.train.features.subarray(8 * i, 8 * i + 8);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
  const [mi, ofClusters] = [entropy(counts(parts.train.labels)), entropy(counts(byLump))];
  expect(at('nmi-max')).toBeCloseTo(mi / ofClusters, 10);
  expect(at('nmi-arithmetic')).toBeCloseTo((2 * mi) / (mi + ofClusters), 10);
  expect(at('nmi-geometric')).toBeCloseTo(Math.sqrt(mi / ofClusters), 10);
  expect(at('ami')).toBeLessThan(at('nmi-arithmetic'));
  // One lump of each class keeps it: the larger one.
  const larger = classes.map((_, label) =>
    Math.max(...[label, label + 4].map((l) => byLump.filter((o) => o === l).length)),
  );
  expect(at('hungarian')).toBeCloseTo(larger.reduce((a, b) => a + b) / 240, 10);
});

test('settings stand in the name, and the same seed gives the same scores', async () => {
  const config = { layers: ['conv5'], part: 'test', pca: 7, normalise: false };
  const one = await run(clusteringScores, 'one', config, { features });
  expect(Object.keys(metricValues(one.metrics))[0]).toBe('clusters/kmeans-k4-pca7-raw-test/conv5/nmi-arithmetic');
  expect(await run(clusteringScores, 'again', config, { features })).toEqual(one);
});

test('what cannot be clustered is refused by name', async () => {
  await expect(run(clusteringScores, 'x', { layers: ['conv9'] }, { features })).rejects.toMatchObject({
    field: 'layers',
  });
  await expect(run(clusteringScores, 'x', { layers: ['conv5'], k: [300] }, { features })).rejects.toThrow(
    '300 clusters of 240 images',
  );
  await expect(run(clusteringScores, 'x', { layers: ['conv5'], pca: 9 }, { features })).rejects.toMatchObject({
    field: 'pca',
  });
  expect(() => clusteringScores.schema.parse({ layers: ['conv5'], k: [1] })).toThrow(/k/);
  const dry = await run(clusteringScores, 'dry', { layers: ['conv5'], k: [300] }, { features }, { extent: dryRun });
  expect(metricValues(dry.metrics)).toHaveProperty('clusters/kmeans-k300/conv5/purity');
});
