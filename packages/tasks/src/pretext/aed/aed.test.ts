import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { figureData } from '@selfsup/report/testing/figure-data';
import type { TaskContext } from '../../task.ts';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { interrupted, inWindows } from '../../testing/interruption.ts';
import { takeReferenceSteps } from '../../testing/pytorch-steps.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import stage, { aed } from './aed.ts';
import type { AedConfig } from './config.ts';
import { createAed } from './run.ts';
import { upsamplingDecoder } from './upsampling-decoder.ts';

const folder = mkdtempSync(join(tmpdir(), 'aed-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('two training steps are those of PyTorch', async () => {
  const reference = JSON.parse(readFileSync(new URL('aed.reference.json', import.meta.url), 'utf8'));
  const { images, encoder, decoder, after, losses, normalisation } = reference;
  const network = await configureNetwork({ name: 'nin', blocks: 3, width: 8 });
  const input = { height: 16, width: 16, channels: 3 };
  const instance = await createAed({
    config: { width: 6 },
    input,
    normalisation,
    buildEncoder: () => network.build(input, [1, 2]),
    key: () => [3, 4],
  } as unknown as TaskContext<AedConfig>);
  const steps = { images, before: { encoder, decoder }, after, steps: 2 };
  const { values, differences } = takeReferenceSteps(instance, steps, optimizerSchema.parse({ name: 'sgd' }), 0.1);
  expect(values[0]!['loss']).toBeCloseTo(losses[0], 4);
  expect(values[1]!['loss']).toBeCloseTo(losses[1], 4);
  for (const [name, difference] of Object.entries(differences)) expect(difference, name).toBeLessThan(1e-4);
});

test('learns to reconstruct generated images better than their mean, and shows it', async () => {
  const changes = { epochs: 12, evaluate: { everyEpochs: 12 }, data: { workers: 0, augment: {} } };
  const context = trainingContext(aed, join(folder, 'learns'), { ...changes, task: { width: 16 } });
  const dataset = generatedDataset();
  const { metrics, figures } = await trainOn(dataset, aed, context);
  // The mean image of the training split against the test images, by hand.
  const pixels = (split: string) => Array.from({ length: dataset.count(split) }, (_, i) => dataset.image(split, i));
  const train = pixels('train');
  const mean = Array.from(train[0]!, (_, i) => train.reduce((sum, image) => sum + image[i]!, 0) / train.length);
  const squares = pixels('test').map((image) =>
    image.reduce((sum, value, i) => sum + ((value - mean[i]!) / 50) ** 2, 0),
  );
  const expected = squares.reduce((a, b) => a + b) / squares.length / mean.length;
  expect(metricValues(metrics)['pretext/mean-image-mse']).toBeCloseTo(expected, 4);
  // The grey noise of these images, (80/50)²/12 of variance, cannot be encoded: the bars are what is to be learnt.
  expect(metricValues(metrics)['pretext/mse']!).toBeLessThan(0.85 * expected);

  const { pictures } = figureData({ figures }, 'pictures');
  expect(pictures).toHaveLength(24);
  const [original, made] = [0, 1].map((i) => tf.node.decodePng(pictures[i]!.image).toFloat());
  expect([...original!.dataSync()]).toEqual([...dataset.image('test', 0)]);
  // Of one image, whose error differs from the mean over all.
  const error = original!.sub(made!).div(50).square().mean().dataSync()[0]!;
  expect(error).toBeLessThan(2 * metricValues(metrics)['pretext/mse']!);
});

test('same config and seed: same bits, crashes or not', async () => {
  const trial = { task: aed, dataset: generatedDataset(), config: { epochs: 2, task: { width: 8 } } };
  const { whole, again, resumed, crashed } = await interrupted(trial, join(folder, 'bits'), [4, 5]);
  expect(crashed).toBe(2);
  expect(again).toEqual(whole);
  expect(resumed).toEqual(whole);
});

test('in windows shorter than a test or the mean of the training images it ends all the same', async () => {
  const dataset = generatedDataset(8, { train: 600, test: 600 });
  const trial = { task: aed, dataset, config: { epochs: 1, batchSize: 200, task: { width: 8 } } };
  const { alone, inWindows: cut, windows, read } = await inWindows(trial, join(folder, 'windows'), 520);
  expect(cut).toEqual(alone);
  expect(windows).toBeGreaterThan(4);
  // What is being read when it is asked to stop is read again, and no more.
  expect(read.inWindows).toBeLessThan(read.alone + windows * 256);
});

test('refuses networks whose feature map does not double to the image, and unknown settings', () => {
  const image = { height: 24, width: 24, channels: 3 };
  expect(() => upsamplingDecoder([8, 8, 4], image, 4, [0, 0])).toThrow(/Doubling feature maps of 8 × 8/);
  const config = { network: { name: 'nin' }, epochs: 1 };
  expect(stage.schema.safeParse({ ...config, task: { width: 0 } }).success).toBe(false);
  expect(stage.schema.safeParse({ ...config, task: { depth: 3 } }).success).toBe(false);
  expect(stage.schema.parse(config).task).toEqual({ width: 64 });
});
