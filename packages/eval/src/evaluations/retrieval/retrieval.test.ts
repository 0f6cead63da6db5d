import { beforeAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { figureData } from '@selfsup/report/testing/figure-data';
import { publishedFeatures } from '../../testing/published-features.ts';
import { names, parts, publishedReference, reference } from '../../testing/reference-features.ts';
import { asInput, digestOf, randomEncoder, resultOf, run, shapes } from '../../testing/stages.ts';
import features from '../features/features.ts';
import { resultStrip } from './result-strip.ts';
import retrieval from './retrieval.ts';

let dataset: StageInput;
let digest: string;
beforeAll(async () => {
  dataset = await shapes(16);
  digest = await digestOf(dataset);
});
const published = () => publishedReference(digest);

test.each([
  ['cosine', 0.5624308, 0.535, 0.4313725],
  ['euclidean', 0.5259255, 0.495, 0.3923611],
])('%s: average precision, precision and recall are scikit-learn’s', async (metric, map, precision, recall) => {
  const before = tf.memory().numTensors;
  const config = { layers: ['conv2'], metric, k: [10], pictures: 0 };
  const { metrics } = await run(retrieval, metric, config, { features: published(), dataset });
  expect(tf.memory().numTensors).toBe(before);
  expect(metricValues(metrics)[`retrieval/${metric}/conv2/map`]).toBeCloseTo(map, 5);
  expect(metricValues(metrics)[`retrieval/${metric}/conv2/precision-at-10`]).toBeCloseTo(precision, 6);
  expect(metricValues(metrics)[`retrieval/${metric}/conv2/recall-at-10`]).toBeCloseTo(recall, 6);
});

test('the pictures show each query with its nearest training images', async () => {
  const needs = { encoder: await randomEncoder(), dataset };
  const extracted = await run(features, 'features', { layers: ['conv2'] }, needs);
  const config = { layers: ['conv2'], pictures: 3, shown: 4, queries: 20, vector: 'average' };
  const result = await run(retrieval, 'pictures', config, { features: asInput('features', extracted), dataset });
  expect(Object.keys(metricValues(result.metrics))[0]).toBe('retrieval/cosine-average/conv2/map');
  const { pictures } = figureData(resultOf('pictures'), 'pictures');
  expect(pictures).toHaveLength(3);
  for (const picture of pictures) {
    expect(picture.group).toBe('nearest in conv2');
    const [, shownClass, same] = /^(.*): (\d) of 4 of its class$/.exec(picture.caption)!;
    const [query, ...found] = picture.alt!.split(/, then the nearest: |, /);
    expect(query).toBe(shownClass);
    expect(found.filter((name) => name === query)).toHaveLength(Number(same));
  }
  const again = await run(retrieval, 'again', config, { features: asInput('features', extracted), dataset });
  expect(again.metrics).toEqual(result.metrics);
  expect(again.figures).toEqual(result.figures);
});

test('results are framed by whether they are of the class of the query', () => {
  const plain = (value: number, label: number) => ({
    picture: { pixels: new Uint8Array(8 * 4 * 3).fill(value), height: 8, width: 4, channels: 3 as const },
    label,
  });
  const png = resultStrip(plain(10, 1), [plain(20, 1), plain(30, 2)]);
  const pixels = tf.node.decodePng(png).arraySync() as number[][][];
  expect([pixels.length, pixels[0]!.length]).toEqual([70, 219]);
  const [grey, green, orange] = [
    [128, 128, 128],
    [0, 158, 115],
    [213, 94, 0],
  ];
  expect([pixels[0]![0], pixels[0]![79], pixels[69]![218]]).toEqual([grey, green, orange]);
  expect([35, 114, 184].map((x) => pixels[35]![x]![0])).toEqual([10, 20, 30]);
  expect(pixels[35]![74]).toEqual([255, 255, 255]); // between the query and its results
});

test('what cannot be ranked is refused by name', async () => {
  const config = { layers: ['conv2'] };
  const other = publishedFeatures('conv2', [1, 1, reference.width], names, parts);
  await expect(run(retrieval, 'x', config, { features: other, dataset })).rejects.toMatchObject({
    message: "The features are those of dataset generated, 'dataset' is another: shapes",
    field: 'needs.dataset',
  });
  const needs = { features: published(), dataset };
  await expect(run(retrieval, 'x', { layers: ['conv9'] }, needs)).rejects.toMatchObject({ field: 'layers' });
  await expect(run(retrieval, 'x', { ...config, k: [91] }, needs)).rejects.toThrow('91 results of 90');
  expect(() => retrieval.schema.parse({ ...config, queries: 0 })).toThrow(/queries/);
  const dry = await run(retrieval, 'dry', config, needs, { extent: dryRun });
  expect(metricValues(dry.metrics)).toHaveProperty('retrieval/cosine/conv2/recall-at-100');
});
