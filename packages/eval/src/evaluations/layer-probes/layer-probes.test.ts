import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, Interrupted, type StageInput } from '@selfsup/kit/stage';
import { figureData } from '@selfsup/report/testing/figure-data';
import { silent } from '../../testing/in-memory.ts';
import { asInput, randomEncoder, resultOf, run, shapes, workFolderOf } from '../../testing/stages.ts';
import cachedLayerProbes from '../cached-layer-probes/cached-layer-probes.ts';
import features from '../features/features.ts';
import layerProbes from './layer-probes.ts';

const base = { protocol: 'rotnet-small', layers: ['conv1', 'conv3'], epochs: 3, batchSize: 40, workers: 0 };
let needs: { encoder: StageInput; dataset: StageInput };
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await shapes(16) };
});

const curveOf = async (name: string) => figureData(resultOf(name), 'curve');

test('probes trained together are those trained one by one', async () => {
  const before = tf.memory().numTensors;
  const together = await run(layerProbes, 'together', base, needs);
  expect(tf.memory().numTensors).toBe(before);
  const measures = ['top1', 'top5', 'top1-best'];
  const names = (layer: string) => measures.map((measure) => `linear/rotnet-small*/${layer}/${measure}`);
  expect(Object.keys(metricValues(together.metrics))).toEqual([...names('conv1'), ...names('conv3')]);
  const joint = await curveOf('together');
  for (const layer of base.layers) {
    const alone = await run(layerProbes, `alone-${layer}`, { ...base, layers: [layer] }, needs);
    for (const [name, value] of Object.entries(metricValues(alone.metrics)))
      expect(metricValues(together.metrics)[name]).toBe(value);
    const { train, test: tested } = await curveOf(`alone-${layer}`);
    expect(joint.train.map((point) => point[`${layer} loss`])).toEqual(train.map(({ loss }) => loss));
    expect(joint.test.map((point) => point[`${layer} top1`])).toEqual(tested.map(({ top1 }) => top1));
  }
  const { matrix } = figureData(resultOf('together'), 'confusion');
  const right = matrix.reduce((sum, row, i) => sum + row[i]!, 0);
  const top1s = base.layers.map((layer) => metricValues(together.metrics)[`linear/rotnet-small*/${layer}/top1`]!);
  expect((100 * right) / 60).toBeCloseTo(Math.max(...top1s), 10); // the matrix is the best layer's
});

test('without augmentation the probes are those of the cached features', async () => {
  const extracted = await run(features, 'features', { layers: base.layers }, needs);
  const { workers: _, ...settings } = { ...base, epochs: 2 };
  const cachedNeeds = { features: asInput('features', extracted) };
  const cached = await run(cachedLayerProbes, 'cached', settings, cachedNeeds);
  const live = await run(layerProbes, 'live', { ...settings, augment: {}, testView: {} }, needs);
  expect(Object.keys(metricValues(live.metrics))).toEqual(Object.keys(metricValues(cached.metrics)));
  const [ours, theirs] = [await curveOf('live'), await curveOf('cached')];
  for (const layer of base.layers) {
    ours.train.forEach((point, i) => {
      expect(point[`${layer} loss`]).toBeCloseTo(theirs.train[i]![`${layer} loss`]!, 4);
    });
    expect(ours.test.map((point) => point[`${layer} top1`])).toEqual(
      theirs.test.map((point) => point[`${layer} top1`]),
    );
  }
});

test('a training that is stopped and resumed ends with the bits of one that was not, for any number of threads', async () => {
  const settings = { ...base, epochs: 4, testEvery: 2 };
  const whole = await run(layerProbes, 'whole', { ...settings, workers: 1 }, needs);
  const controller = new AbortController();
  let batches = 0;
  const phase = { advance: () => void (++batches === 13 && controller.abort()), done: () => void 0 };
  const interrupted = { progress: { ...silent, phase: () => phase }, signal: controller.signal };
  await expect(run(layerProbes, 'stopped', settings, needs, interrupted)).rejects.toBeInstanceOf(Interrupted);
  expect(readdirSync(join(workFolderOf('stopped'), 'live'))).toEqual(['step-000000013.safetensors']);
  const resumed = await run(layerProbes, 'stopped', settings, needs);
  expect(resumed.metrics).toEqual(whole.metrics);
  const digest = (folder: string) => sha256File(join(workFolderOf(folder), 'protocol.json'));
  expect(await digest('stopped')).toBe(await digest('whole'));
  expect(resultOf('stopped').figures).toEqual(resultOf('whole').figures);
  expect((await curveOf('whole')).test.map(({ epoch }) => epoch)).toEqual([2, 4]);
});

test('a ten-crop protocol is tested once, at its end; what was done stands in protocol.json', async () => {
  const settings = { ...base, protocol: 'deepcluster-small', epochs: 2 };
  const result = await run(layerProbes, 'ten', settings, needs);
  expect(Object.keys(metricValues(result.metrics))).not.toContain('linear/deepcluster-small*/conv1/top1-best');
  expect((await curveOf('ten')).test.map(({ epoch }) => epoch)).toEqual([2]);
  const done = JSON.parse(readFileSync(join(workFolderOf('ten'), 'protocol.json'), 'utf8')) as object;
  expect(done).toMatchObject({
    label: 'deepcluster-small*',
    differences: ["'epochs' is overridden", "'batchSize' is overridden"],
    testView: { resize: 18, tenCrop: 16 },
    average: 'softmax',
    pooling: { conv1: { adaptiveAverage: 8 } },
  });
});

test('a dry run takes one step', async () => {
  await run(layerProbes, 'dry', { ...base, protocol: 'asano-small' }, needs, { extent: dryRun });
  expect((await curveOf('dry')).train).toHaveLength(1);
});

test('what cannot work is refused by name', async () => {
  await expect(run(layerProbes, 'x', { ...base, layers: ['conv1', 'conv7'] }, needs)).rejects.toMatchObject({
    message: "The encoder has no layer 'conv7'",
    field: 'layers',
    remedy: 'Use one of: conv1, conv2, conv3.',
  });
  await expect(run(layerProbes, 'x', { ...base, protocol: 'asano' }, needs)).rejects.toMatchObject({
    message: "The protocol 'asano' is published for the network 'alexnet' at 224 pixels, not 'nin' at 16 pixels",
    remedy: "Use 'asano-small', which fits it to any network.",
  });
  const few = { ...base, train: { subset: { first: 5 } }, batchSize: 4 };
  await expect(run(layerProbes, 'x', few, needs)).rejects.toThrow(/No training image shows class/);
  const window = { pooling: { conv3: { max: { size: 9, stride: 1 } } } };
  await expect(run(layerProbes, 'x', { ...base, ...window }, needs)).rejects.toThrow(/window of 9 does not fit/);
  const views = { testView: { tenCrop: 12 } };
  await expect(run(layerProbes, 'x', { ...base, ...views }, needs)).rejects.toThrow(/test views are 12 × 12/);
  expect(() => layerProbes.schema.parse({ ...base, protocol: 'best' })).toThrow(/asano/);
  expect(() => layerProbes.schema.parse({ ...base, optimiser: {} })).toThrow(/optimiser/);
  expect(() => cachedLayerProbes.schema.parse({ protocol: 'asano', layers: ['conv1'], augment: {} })).toThrow(
    /augment/,
  );
});
