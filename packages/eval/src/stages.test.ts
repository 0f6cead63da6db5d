import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { figureData } from '@selfsup/report/testing/figure-data';
import classifier from './evaluations/classifier/classifier.ts';
import features from './evaluations/features/features.ts';
import linearProbe from './evaluations/linear-probe/linear-probe.ts';
import { asInput, randomEncoder, resultOf, run, shapes, workFolderOf } from './testing/stages.ts';

let encoder: StageInput;
let dataset: StageInput;
beforeAll(async () => {
  [encoder, dataset] = [await randomEncoder(), await shapes(16)];
});

test('features, probe and classifier run one after another and give the metrics they are named for', async () => {
  const extracted = await run(features, 'features', { layers: ['conv1', 'conv2'] }, { encoder, dataset });
  expect(Object.keys(extracted.blobs ?? {}).sort()).toEqual([
    'test-conv1',
    'test-conv2',
    'test-indices',
    'test-labels',
    'train-conv1',
    'train-conv2',
    'train-indices',
    'train-labels',
  ]);
  const description = JSON.parse(readFileSync(join(workFolderOf('features'), 'features.json'), 'utf8')) as object;
  expect(description).toMatchObject({
    layers: { conv2: [4, 4, 12] },
    parts: { train: { images: 200 }, test: { images: 60 } },
  });

  const needs = { features: asInput('features', extracted) };
  const probe = await run(linearProbe, 'linear', { protocol: 'small', layer: 'conv2', batchSize: 32 }, needs);
  expect(Object.keys(metricValues(probe.metrics))).toEqual(['linear/small/conv2/top1', 'linear/small/conv2/top1-best']);
  const { matrix, classes } = figureData(resultOf('linear'), 'confusion');
  const right = matrix.reduce((sum, row, i) => sum + row[i]!, 0);
  expect(classes).toHaveLength(10);
  expect((100 * right) / 60).toBeCloseTo(metricValues(probe.metrics)['linear/small/conv2/top1'] as number, 10);
  expect(figureData(probe, 'curve').test).toHaveLength(8);

  const head = { protocol: 'small', layer: 'conv1', head: 'fc2', epochs: 2, batchSize: 32 };
  const classified = await run(classifier, 'fc2', head, needs);
  expect(figureData(classified, 'curve').test).toHaveLength(2);
  const testedOnce = await run(classifier, 'once', { ...head, testEvery: 5 }, needs);
  expect(figureData(testedOnce, 'curve').test).toEqual(figureData(classified, 'curve').test.slice(1));
  expect(Object.keys(metricValues(classified.metrics))[0]).toBe('fc2/small/conv1/top1');

  const again = await run(linearProbe, 'again', { protocol: 'small', layer: 'conv2', batchSize: 32 }, needs);
  expect(again.metrics).toEqual(probe.metrics);
  expect(figureData(again, 'curve')).toEqual(figureData(probe, 'curve'));
});

test('the batch size and the number of loader threads change no byte of the features', async () => {
  const one = await run(
    features,
    'one',
    { layers: ['conv2'], batchSize: 64, test: { subset: { first: 30 } } },
    { encoder, dataset },
  );
  const other = await run(
    features,
    'other',
    { layers: ['conv2'], batchSize: 7, workers: 1, test: { subset: { first: 30 } } },
    { encoder, dataset },
  );
  for (const name of Object.keys(one.blobs!))
    expect(await sha256File(other.blobs![name]!)).toBe(await sha256File(one.blobs![name]!));
});

test('a dry run reads two batches, evenly apart, and takes one step', async () => {
  const few = await run(
    features,
    'dry',
    { layers: ['conv2'], batchSize: 20 },
    { encoder, dataset },
    { extent: dryRun },
  );
  const description = JSON.parse(readFileSync(join(workFolderOf('dry'), 'features.json'), 'utf8')) as object;
  expect(description).toMatchObject({ parts: { train: { images: 40 }, test: { images: 40 } } });
  await run(
    linearProbe,
    'dry-linear',
    { protocol: 'small', layer: 'conv2', batchSize: 32 },
    { features: asInput('dry', few) },
    { extent: dryRun },
  );
  expect(figureData(resultOf('dry-linear'), 'curve').train).toHaveLength(1);
});

test('what cannot work is refused by name', async () => {
  await expect(run(features, 'x', { layers: ['conv7'] }, { encoder, dataset })).rejects.toMatchObject({
    message: "The encoder has no layer 'conv7'",
    remedy: 'Use one of: conv1, conv2, conv3.',
  });
  await expect(run(features, 'x', { layers: ['conv2'] }, { encoder, dataset: await shapes(20) })).rejects.toThrow(
    'The encoder takes images of 16 × 16 × 3, dataset shapes has 20 × 20 × 3',
  );
  const few = await run(features, 'few', { layers: ['conv2'], train: { subset: { first: 5 } } }, { encoder, dataset });
  const needs = { features: asInput('few', few) };
  const probe = { protocol: 'small', layer: 'conv2', batchSize: 4 };
  await expect(run(linearProbe, 'x', probe, needs)).rejects.toThrow(/No training image shows class/);
  await expect(run(linearProbe, 'x', { ...probe, layer: 'conv1' }, needs)).rejects.toMatchObject({
    remedy: expect.stringContaining('Use one of: conv2') as string,
  });
  expect(() => linearProbe.schema.parse({ ...probe, epoch: 3 })).toThrow(/epoch/);
  expect(() => linearProbe.schema.parse({ layer: 'conv2' })).toThrow(/protocol/);
});
