import { expect, test } from 'vitest';
import { metricValues } from '@selfsup/kit/metric';
import { nearestNeighbours } from '@selfsup/numerics/nearest-neighbours';
import { memoryRows } from '@selfsup/numerics/row-source';
import { figureData } from '@selfsup/report/testing/figure-data';
import { publishedFeatures } from '../../testing/published-features.ts';
import { names, parts, publishedReference, reference } from '../../testing/reference-features.ts';
import { resultOf, run } from '../../testing/stages.ts';
import knn from './knn.ts';
import { rankByVotes } from './votes.ts';

const features = publishedReference();

test.each(reference.cases)(
  '$metric, $votes, sigma $sigma, k = $k: scikit-learn gives the same classes',
  async (one) => {
    const { metric, votes, sigma, k, predicted, ranked } = one;
    const name = `${metric}-${votes}${sigma ?? ''}-${k}`;
    const result = await run(
      knn,
      name,
      { layers: ['conv2'], metric, votes, k: [k], ...(sigma && { sigma }) },
      { features },
    );
    const matrix = figureData(resultOf(name), 'confusion').matrix;
    const expected = names.map(() => names.map(() => 0));
    predicted.forEach((label, i) => expected[reference.test.labels[i]!]![label]!++);
    expect(matrix).toEqual(expected);
    const right = predicted.filter((label, i) => label === reference.test.labels[i]).length;
    const title = `knn/${metric}-${votes === 'plain' ? 'plain' : `weighted${sigma}`}-k${k}/conv2`;
    const within5 = ranked.filter((classes, i) => classes.slice(0, 5).includes(reference.test.labels[i]!)).length;
    expect(metricValues(result.metrics)).toEqual({
      [`${title}/top1`]: (100 * right) / predicted.length,
      ...(k >= 5 && { [`${title}/top5`]: (100 * within5) / predicted.length }),
    });
  },
);

test.each(reference.cases)(
  '$metric, $votes, sigma $sigma, k = $k: only classes with a vote have a place',
  async (one) => {
    const { metric, sigma, k, ranked } = one;
    const rows = ({ features: values }: (typeof parts)['train']) => memoryRows(values, reference.width);
    const neighbours = await nearestNeighbours({ queries: rows(parts.test), bank: rows(parts.train), k, metric });
    const voting = { k, labels: parts.train.labels, classes: reference.classes, sigma };
    for (const [label] of names.entries()) {
      const { own } = rankByVotes(neighbours, voting, new Int32Array(ranked.length).fill(label));
      const places = ranked.map((classes) => classes.indexOf(label));
      expect([...own]).toEqual(places.map((place) => (place < 0 ? Infinity : place)));
    }
  },
);

test('two near votes outdo one nearer vote at a wide temperature and not at a narrow one, however narrow', () => {
  const neighbours = { k: 3, indices: Int32Array.of(0, 1, 2), values: Float32Array.of(0.9, 0.8, 0.8) };
  const voting = { k: 3, labels: Int32Array.of(4, 2, 2), classes: 6 };
  // exp(-0.1 / sigma) is a half at sigma = 0.1 / ln 2: there both have the same votes.
  const ranks = (sigma: number) => rankByVotes(neighbours, { ...voting, sigma }, Int32Array.of(2));
  expect([ranks(0.15).first[0], ranks(0.15).own[0]]).toEqual([2, 0]);
  for (const sigma of [0.14, 1e-3, 1e-5, 1e-300]) expect([ranks(sigma).first[0], ranks(sigma).own[0]]).toEqual([4, 1]);
});

test('the fifth place counts for top-5, which fewer than five neighbours do not give, and each k stands under its own name', async () => {
  const result = await run(knn, 'several', { layers: ['conv2'], k: [1, 4, 5, 90], votes: 'plain' }, { features });
  expect(Object.keys(metricValues(result.metrics))).toEqual([
    'knn/cosine-plain-k1/conv2/top1',
    'knn/cosine-plain-k4/conv2/top1',
    'knn/cosine-plain-k5/conv2/top1',
    'knn/cosine-plain-k5/conv2/top5',
    'knn/cosine-plain-k90/conv2/top1',
    'knn/cosine-plain-k90/conv2/top5',
  ]);
  // With all training images for neighbours the order is that of the classes' sizes.
  const sizes = names.map((_, label) => reference.train.labels.filter((other) => other === label).length);
  const five = names
    .map((_, i) => i)
    .sort((a, b) => sizes[b]! - sizes[a]! || a - b)
    .slice(0, 5);
  const within = reference.test.labels.filter((label) => five.includes(label)).length;
  expect(metricValues(result.metrics)['knn/cosine-plain-k90/conv2/top5']).toBeCloseTo((100 * within) / 40, 10);
});

test('the mean over the cells can be compared instead of all of them', async () => {
  // Two cells a map, which differ by what the mean cancels.
  const spread = ({ features, labels }: (typeof parts)['train']) => {
    const wide = new Float32Array(2 * features.length);
    for (let i = 0; i < features.length; i++) {
      const image = Math.floor(i / reference.width);
      const at = 2 * image * reference.width + (i % reference.width);
      wide[at] = features[i]! + ((i * 7919) % 13);
      wide[at + reference.width] = features[i]! - ((i * 7919) % 13);
    }
    return { features: wide, labels };
  };
  const maps = publishedFeatures('conv2', [2, 1, reference.width], names, {
    train: spread(parts.train),
    test: spread(parts.test),
  });
  const settings = { layers: ['conv2'], k: [4] };
  const vectors = await run(knn, 'vectors', settings, { features });
  const means = await run(knn, 'means', { ...settings, vector: 'average' }, { features: maps });
  expect(metricValues(means.metrics)['knn/cosine-weighted0.1-k4-average/conv2/top1']).toBe(
    metricValues(vectors.metrics)['knn/cosine-weighted0.1-k4/conv2/top1'],
  );
});

test('what cannot be measured is refused by name', async () => {
  const settings = { layers: ['conv2'], k: [5] };
  await expect(run(knn, 'x', { ...settings, layers: ['conv9'] }, { features })).rejects.toMatchObject({
    message: "Layer 'conv9' was not extracted by features",
    field: 'layers',
    remedy: expect.stringContaining('Use one of: conv2') as string,
  });
  await expect(run(knn, 'x', { ...settings, k: [91] }, { features })).rejects.toThrow('91 neighbours among 90');
  const broken = {
    ...parts,
    test: { ...parts.test, features: parts.test.features.map((v, i) => (i === 20 ? NaN : v)) },
  };
  const withNaN = publishedFeatures('conv2', [1, 1, reference.width], names, broken);
  await expect(run(knn, 'x', settings, { features: withNaN })).rejects.toThrow(
    'Features hold NaN or infinity: conv2 of the test images, image 3',
  );
  const withEmpty = publishedFeatures('conv2', [1, 1, reference.width], [...names, 'unseen'], parts);
  await expect(run(knn, 'x', settings, { features: withEmpty })).rejects.toThrow(
    "No training image shows class 'unseen'",
  );
  expect(() => knn.schema.parse({ ...settings, metric: 'euclidean' })).toThrow(/cosine/);
  expect(() => knn.schema.parse({ ...settings, neighbours: 3 })).toThrow(/neighbours/);
  expect(() => knn.schema.parse({ layers: ['conv2', 'conv2'] })).toThrow(/twice/);
});
