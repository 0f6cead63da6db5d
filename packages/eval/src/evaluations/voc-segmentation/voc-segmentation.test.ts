import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { figureData } from '@selfsup/report/testing/figure-data';
import { silent } from '../../testing/in-memory.ts';
import { randomEncoder, resultOf, run, scenes, shapes, workFolderOf } from '../../testing/stages.ts';
import { resolve } from './config.ts';
import voc from './voc-segmentation.ts';

const base = {
  ...{ protocol: 'fcn', pad: 8, units: 24, batchSize: 5, samplesPerEpoch: 20, epochs: 2, flip: true },
  schedule: { name: 'constant', learningRate: 0.02 },
};
let needs: { encoder: StageInput; dataset: StageInput };
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await scenes('segmentation') };
});

test('the protocols are those that were published', () => {
  const of = (protocol: string) => resolve(voc.schema.parse({ protocol }));
  const { label, settings } = of('fcn');
  expect(label).toBe('fcn');
  expect(settings).toMatchObject({ batchSize: 20, pad: 100, flip: false, fastBiases: 'scores', units: 4096 });
  expect(settings.epochs * (settings.samplesPerEpoch! / 20)).toBe(100_000);
  expect(settings.optimizer).toMatchObject({ momentum: 0.9, nesterov: false, weightDecay: 5e-4, biasLearningRate: 1 });
  const zhang = of('zhang').settings;
  expect(zhang.epochs * (zhang.samplesPerEpoch! / 20)).toBe(150_000);
  expect(zhang.schedule).toMatchObject({
    table: [{ until: 50, learningRate: 1e-4 }, { until: 100, learningRate: 1e-5 }, {}],
  });
});

test('learns to tell figures from the ground on images of differing size, and leaves no tensors', async () => {
  const before = tf.memory().numTensors;
  const learning = {
    ...base,
    units: 0,
    batchNorm: 'trained',
    samplesPerEpoch: 60,
    epochs: 24,
    schedule: { name: 'constant', learningRate: 0.05 },
  };
  const { metrics, files } = await run(voc, 'learns', learning, needs);
  expect(tf.memory().numTensors).toBe(before);
  const values = metricValues(metrics);
  expect(Object.keys(values)).toEqual(
    ['mean-iu', 'pixel-accuracy', 'mean-accuracy', 'weighted-iu', 'positives'].map(
      (name) => `segmentation/fcn*/stride-4/${name}`,
    ),
  );
  // All ground would have a mean IU of 14 %.
  expect(values['segmentation/fcn*/stride-4/mean-iu']).toBeGreaterThan(30);
  expect(values['segmentation/fcn*/stride-4/pixel-accuracy']).toBeGreaterThan(85);
  const confusion = JSON.parse(readFileSync(files!['confusion.json']!, 'utf8')) as {
    classes: string[];
    pixels: number[];
  };
  expect(confusion.classes).toHaveLength(6);
  const { pictures, legend } = figureData(resultOf('learns'), 'masks');
  expect([pictures.length, legend.length]).toEqual([8, 7]);
  const scores = figureData(resultOf('learns'), 'class-scores').classes;
  // Ground is in all images, no class in none.
  expect(Math.max(...scores.map(({ count }) => count))).toBe(scores[0]!.count);
  expect(Math.min(...scores.map(({ count }) => count))).toBeGreaterThan(0);
  const { matrix, counted } = figureData(resultOf('learns'), 'confusion');
  expect(counted).toBe('pixels');
  expect(matrix.flat()).toEqual(confusion.pixels);
  const mean = scores.reduce((sum, { score }) => sum + score!, 0) / scores.length;
  expect(values['segmentation/fcn*/stride-4/mean-iu']).toBeCloseTo(mean, 9);
  expect(values['segmentation/fcn*/stride-4/positives']).toBe(scores.reduce((sum, { count }) => sum + count, 0));
  const encoder = await loadEncoder(join(workFolderOf('learns'), 'checkpoint.safetensors'));
  expect(encoder.description).toMatchObject({ task: 'voc-segmentation', step: 288 });
  encoder.model.dispose();
});

test('squares to train on, whole images to test on, batch norm going on; scores of a finer map', async () => {
  const before = tf.memory().numTensors;
  const settings = { protocol: 'batch-norm', crop: 16, units: 0, epochs: 2, batchSize: 10, skips: ['conv1'] };
  const { metrics } = await run(voc, 'squares', settings, needs);
  expect(tf.memory().numTensors).toBe(before);
  expect(Object.keys(metricValues(metrics))[0]).toBe('segmentation/batch-norm*/stride-2/mean-iu');
});

test.each([1, 3])('stopped after step %i, it goes on to the same bits', async (at) => {
  const digest = (name: string) => sha256File(join(workFolderOf(name), 'checkpoint.safetensors'));
  const short = { ...base, samplesPerEpoch: 10 };
  const whole = await run(voc, `whole-${at}`, short, needs);
  const controller = new AbortController();
  let steps = 0;
  const phase = { advance: () => void (++steps === at && controller.abort()), done: () => undefined };
  const stopping = { signal: controller.signal, progress: { ...silent, phase: () => phase } };
  await expect(run(voc, `stopped-${at}`, short, needs, stopping)).rejects.toThrow(`saved at step ${at} of 4`);
  const resumed = await run(voc, `stopped-${at}`, short, needs);
  expect(resumed.metrics).toEqual(whole.metrics);
  expect(await digest(`stopped-${at}`)).toBe(await digest(`whole-${at}`));
});

test('a dry run takes two steps', async () => {
  const { metrics } = await run(voc, 'dry', base, needs, { extent: dryRun });
  expect(metricValues(metrics)['segmentation/fcn*/stride-4/pixel-accuracy']).toBeGreaterThan(0);
});

test('what cannot work is refused by name', async () => {
  const refused = (changes: object, other = needs) => expect(run(voc, 'x', { ...base, ...changes }, other)).rejects;
  await refused({}, { ...needs, dataset: await shapes(16) }).toThrow(/of (train|test) has no mask/);
  await refused({ skips: ['conv9'] }).toMatchObject({ field: 'skips' });
  await refused({ skips: ['conv2'] }).toThrow(/not finer/);
  await refused({ window: 15, pad: 0 }).toMatchObject({ field: 'window' });
  await refused({ fullyConnected: 'checkpoint' }).toThrow(/has no fc6/);
  await refused({ train: { split: 'val' } }).toMatchObject({ field: 'train.split' });
  const parse = (changes: object) => () => voc.schema.parse({ ...base, ...changes });
  expect(parse({ fullyConnected: 'checkpoint', units: 0 })).toThrow(/no fc6 and fc7/);
  expect(parse({ stride: 8 })).toThrow(/stride/);
});
