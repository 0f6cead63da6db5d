import { beforeAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { figureData } from '@selfsup/report/testing/figure-data';
import { randomEncoder, resultOf, run, scenes, shapes } from '../../testing/stages.ts';
import boxRetrieval from './box-retrieval.ts';

const base = { layers: ['conv1', 'conv3'], leastArea: 60, pooling: { adaptiveAverage: 2 }, pictures: 3 };
let needs: { encoder: StageInput; dataset: StageInput };
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await scenes('detection') };
});

test('figures of one colour are found by random features, well above chance; galleries show some', async () => {
  const before = tf.memory().numTensors;
  const { metrics } = await run(boxRetrieval, 'boxes', base, needs);
  expect(tf.memory().numTensors).toBe(before);
  const values = metricValues(metrics);
  const measures = ['map', 'precision-at-1', 'precision-at-5', 'precision-at-10', 'chance', 'queries'];
  expect(Object.keys(values)).toEqual(
    ['conv1', 'conv3'].flatMap((layer) => measures.map((name) => `box-retrieval/cosine/${layer}/${name}`)),
  );
  expect(values['box-retrieval/cosine/conv3/chance']).toBeCloseTo(0.2, 1);
  expect(values['box-retrieval/cosine/conv3/map']).toBeGreaterThan(0.4);
  expect(values['box-retrieval/cosine/conv3/precision-at-1']).toBeGreaterThan(0.6);
  const { pictures } = figureData(resultOf('boxes'), 'pictures');
  expect(pictures).toHaveLength(6);
  const { title, classes } = figureData(resultOf('boxes'), 'precision-recall');
  expect(title).toBe('box-retrieval/cosine/conv1');
  expect(classes.map(({ name }) => name).slice(0, 2)).toEqual(['all classes', 'arrow']);
  expect(classes[0]!.ap).toBeCloseTo(100 * values['box-retrieval/cosine/conv1/map']!, 6);
  const queries = figureData(resultOf('boxes'), 'class-scores').classes.reduce((sum, { count }) => sum + count, 0);
  expect(queries).toBe(values['box-retrieval/cosine/conv1/queries']);
  expect(pictures[0]!.caption).toMatch(/of 4 of its class/);
});

test('a dry run takes a few boxes', async () => {
  const { metrics } = await run(boxRetrieval, 'dry', base, needs, { extent: dryRun });
  expect(metricValues(metrics)['box-retrieval/cosine/conv1/queries']).toBeLessThanOrEqual(20);
});

test('what cannot work is refused by name', async () => {
  const refused = (changes: object, other = needs) =>
    expect(run(boxRetrieval, 'x', { ...base, ...changes }, other)).rejects;
  await refused({ layers: ['fc6'] }).toMatchObject({ field: 'layers' });
  await refused({ leastArea: 1e6 }).toMatchObject({ field: 'leastArea' });
  await refused({}, { ...needs, dataset: await shapes(16) }).toThrow(/No box of train has more than 60 pixels/);
});
