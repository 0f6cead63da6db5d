import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { randomKey } from '@selfsup/kit/random';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { readCheckpoint } from '@selfsup/models/checkpoint';
import { loadEncoder, saveEncoder } from '@selfsup/models/encoder';
import { figureData } from '@selfsup/report/testing/figure-data';
import { silent } from '../../testing/in-memory.ts';
import { asInput, randomEncoder, resultOf, run, scenes, workFolderOf } from '../../testing/stages.ts';
import { fullyConnectedHead } from '../../tuning/multi-label-head.ts';
import { resolve } from './config.ts';
import voc from './voc-classification.ts';

const base = {
  ...{
    protocol: 'philkr',
    trained: 'all',
    units: 12,
    epochs: 2,
    samplesPerEpoch: 48,
    batchSize: 12,
    crops: 2,
    workers: 0,
  },
};
let needs: { encoder: StageInput; dataset: StageInput };
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await scenes('detection') };
});
const weightsOf = async (name: string) =>
  (await readCheckpoint(join(workFolderOf(name), 'checkpoint.safetensors'))).tensors;

test('the protocols are those that were published', () => {
  const of = (protocol: string, trained: string) => resolve(voc.schema.parse({ protocol, trained }));
  const { label, settings } = of('philkr', 'all');
  expect(label).toBe('philkr');
  expect(settings).toMatchObject({
    batchSize: 16,
    clipNorm: 10,
    batchNorm: 'folded',
    balance: true,
    units: 4096,
    biases: 2,
  });
  expect(settings.optimizer).toMatchObject({ momentum: 0.9, nesterov: false, weightDecay: 1e-6 });
  const rates = ({ schedule }: typeof settings) => (schedule.name === 'steps' ? schedule.table : []);
  // Halved every 10,000 of 80,000 steps, of which an epoch has 1,000.
  expect(settings.epochs * (settings.samplesPerEpoch / 16)).toBe(80_000);
  expect(rates(settings).map(({ until }) => until)).toEqual([10, 20, 30, 40, 50, 60, 70, 80]);
  expect(
    rates(settings)
      .slice(0, 2)
      .map((row) => row.learningRate),
  ).toEqual([0.001, 0.0005]);
  const last = of('deepcluster', 'fc6-8').settings;
  expect(last).toMatchObject({ batchNorm: 'frozen', balance: false, epochs: 80 });
  expect(rates(last)[0]).toEqual({ until: 5, learningRate: 0.003 });
  const all = of('deepcluster', 'all').settings;
  expect([all.epochs, rates(all)[0], rates(all).at(-1)!.until]).toEqual([150, { until: 20, learningRate: 0.001 }, 150]);
});

test('trains all layers, leaves no tensors, and its checkpoint is an encoder', async () => {
  const before = tf.memory().numTensors;
  const schedule = { name: 'constant', learningRate: 0.1 };
  const settings = { ...base, schedule, units: 0, batchNorm: 'trained', balance: false, epochs: 12, testEvery: 6 };
  const result = await run(voc, 'all', settings, needs);
  expect(tf.memory().numTensors).toBe(before);
  const metrics = metricValues(result.metrics);
  expect(Object.keys(metrics)).toEqual([
    'voc-all/philkr*/map',
    'voc-all/philkr*/map-11',
    'voc-all/philkr*/map-envelope',
    'voc-all/philkr*/positives',
  ]);
  expect(metrics['voc-all/philkr*/positives']).toBeGreaterThan(16); // some images show two classes
  const classes = JSON.parse(readFileSync(result.files!['classes.json']!, 'utf8')) as { averagePrecision: number }[];
  const mean = classes.reduce((sum, { averagePrecision }) => sum + averagePrecision, 0) / classes.length;
  expect(metrics['voc-all/philkr*/map']).toBeCloseTo(mean, 12);
  expect(mean).toBeGreaterThan(0.5); // chance is about a third
  const curves = figureData(result, 'precision-recall').classes;
  expect(curves.map(({ ap }) => ap)).toEqual(classes.map(({ averagePrecision }) => 100 * averagePrecision));
  for (const { positives, points } of curves) {
    const [recall, precision] = points.at(-1)!;
    // The list ends with all of the 16 test images, but those where the class is only difficult.
    expect(recall).toBe(1);
    expect([14, 15, 16]).toContain(Math.round(positives / precision));
  }
  const encoder = await loadEncoder(join(workFolderOf('all'), 'checkpoint.safetensors'));
  expect(encoder.description).toMatchObject({ task: 'voc-classification', step: 48 });
  encoder.model.dispose();
});

test.each([
  ['fc8', ['head/fc8_linear']],
  ['fc6-8', ['head/']],
])('%s: only what is named moves', async (trained, moving) => {
  const settings = { ...base, trained, epochs: 1, balance: false, batchNorm: 'frozen' };
  await run(voc, `short-${trained}`, { ...settings, samplesPerEpoch: 12 }, needs);
  await run(voc, `long-${trained}`, settings, needs);
  const [short, long] = [await weightsOf(`short-${trained}`), await weightsOf(`long-${trained}`)];
  for (const [name, { data }] of short) {
    const moves = moving.some((prefix) => name.startsWith(prefix.replace('_linear', '')));
    expect([name, String(data) !== String(long.get(name)!.data)]).toEqual([name, moves]);
  }
});

test('frozen batch norm keeps every bit while kernels move; folded, offsets serve as biases', async () => {
  const settings = { ...base, epochs: 1, balance: false, schedule: { name: 'constant', learningRate: 0.2 } };
  await run(voc, 'frozen', { ...settings, batchNorm: 'frozen' }, needs);
  await run(voc, 'folded', { ...settings, batchNorm: 'folded' }, needs);
  const [frozen, folded] = [await weightsOf('frozen'), await weightsOf('folded')];
  const { tensors } = await readCheckpoint(needs.encoder.blob('checkpoint'));
  for (const [name, { data }] of tensors) {
    if (!name.startsWith('encoder/')) continue;
    expect([name, String(data) === String(frozen.get(name)!.data)]).toEqual([name, !name.endsWith('kernel')]);
    if (name.endsWith('gamma')) expect([...folded.get(name)!.data].every((value) => value === 1)).toBe(true);
    if (name.endsWith('beta')) expect([...folded.get(name)!.data].some((value) => value !== 0)).toBe(true);
  }
});

describe('interrupted', () => {
  test.each([1, 5])('after step %i, it goes on to the same bits', async (at) => {
    const digest = (name: string) => sha256File(join(workFolderOf(name), 'checkpoint.safetensors'));
    const whole = await run(voc, `whole-${at}`, base, needs);
    const controller = new AbortController();
    let steps = 0;
    const phase = { advance: () => void (++steps === at && controller.abort()), done: () => undefined };
    const stopping = { signal: controller.signal, progress: { ...silent, phase: () => phase } };
    await expect(run(voc, `stopped-${at}`, base, needs, stopping)).rejects.toThrow(`saved at step ${at} of 8`);
    const resumed = await run(voc, `stopped-${at}`, base, needs);
    expect(resumed.metrics).toEqual(whole.metrics);
    expect(await digest(`stopped-${at}`)).toBe(await digest(`whole-${at}`));
    expect(resultOf(`stopped-${at}`).figures).toEqual(whole.figures);
  });
});

test('another size of image, a linear layer on the average, a dry run', async () => {
  const settings = { ...base, units: 0, side: 24, crops: 3 };
  const { metrics } = await run(voc, 'dry', settings, needs, { extent: dryRun });
  expect(Object.keys(metricValues(metrics))).toHaveLength(4);
  const encoder = await loadEncoder(join(workFolderOf('dry'), 'checkpoint.safetensors'));
  expect(encoder.input).toEqual({ height: 24, width: 24, channels: 3 });
  encoder.model.dispose();
});

test('fc6 and fc7 of the pretraining are taken over, batch norm folded in', async () => {
  const encoder = await loadEncoder(needs.encoder.blob('checkpoint'));
  const [height, width, channels] = encoder.model.outputs[0]!.shape.slice(1) as [number, number, number];
  const shape = [height, width, channels] as const;
  const head = fullyConnectedHead({
    ...{ shape, classes: 5, units: 12, style: 'dropout-after', hidden: { std: 0.1, bias: 0.3 }, last: { bias: 0 } },
    key: randomKey(3),
  });
  const checkpoint = workFolderOf('with-head');
  await saveEncoder(checkpoint, { encoder: encoder.model, head }, encoder.description);
  encoder.model.dispose();
  head.dispose();
  const withHead = { ...needs, encoder: asInput('with-head', { blobs: { checkpoint }, metrics: [] }) };
  const settings = { ...base, trained: 'fc8', fullyConnected: 'checkpoint', balance: false, epochs: 1 };
  await run(voc, 'taken', settings, withHead);
  const [before, after] = [(await readCheckpoint(checkpoint)).tensors, await weightsOf('taken')];
  for (const name of ['head/fc6_linear/kernel', 'head/fc6_linear/bias', 'head/fc7_linear/kernel'])
    expect(after.get(name)!.data).toEqual(before.get(name)!.data);
  await expect(run(voc, 'x', { ...settings, units: 16 }, withHead)).rejects.toMatchObject({ field: 'fullyConnected' });
  await expect(run(voc, 'x', settings, needs)).rejects.toThrow(/has no fc6 of/);
});

test('what cannot work is refused by name', async () => {
  const refused = (changes: object) => expect(run(voc, 'x', { ...base, ...changes }, needs)).rejects;
  await refused({ train: { split: 'val' } }).toMatchObject({ field: 'train.split' });
  await refused({ schedule: { name: 'constant', learningRate: 1e30 } }).toMatchObject({
    field: 'schedule.learningRate',
  });
  const parse = (changes: object) => () => voc.schema.parse({ ...base, ...changes });
  expect(parse({ trained: 'fc6-8', units: 0 })).toThrow(/no fc6 and fc7/);
  expect(parse({ fullyConnected: 'checkpoint', units: 0 })).toThrow(/no fc6 and fc7/);
  expect(parse({ protocol: 'rotnet' })).toThrow(/philkr/);
  expect(parse({ crop: 3 })).toThrow(/crop/);
});
