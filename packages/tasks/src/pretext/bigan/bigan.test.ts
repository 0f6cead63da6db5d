import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import type { StageResult } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { decodeReference, decodeReferences } from '@selfsup/models/testing/reference';
import { assignVariables } from '@selfsup/models/weights';
import { figureData } from '@selfsup/report/testing/figure-data';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { takeStep } from '@selfsup/trainer/step';
import { GanNetworks } from '../../gan/networks.ts';
import type { TaskInstance } from '../../task.ts';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { inWindows } from '../../testing/interruption.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import latentRegressorStage, { latentRegressor } from '../latent-regressor/latent-regressor.ts';
import { createLatentRegressor } from '../latent-regressor/run.ts';
import stage, { bigan } from './bigan.ts';
import { createBigan } from './run.ts';

const root = mkdtempSync(join(tmpdir(), 'bigan-'));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const adam = { name: 'adam', beta1: 0.5, weightDecay: 2.5e-5 };
const reference = JSON.parse(readFileSync(new URL('bigan.reference.json', import.meta.url), 'utf8'));

/** Small networks on the generated images, measures and all. */
const small = {
  network: { name: 'bigan-mlp', width: 16 },
  normalisation: { mean: [0, 0, 0], std: [255, 255, 255] },
  data: { workers: 0, augment: {} },
  task: { latent: 4, statisticsBatches: 3, measured: { train: 50, generated: 100 } },
  optimizer: adam,
  schedule: { name: 'constant', learningRate: 2e-3 },
};
const train = (name: string, changes: object = {}, more: object = {}) => {
  const context = trainingContext(bigan, join(root, name), { ...small, ...changes }, more);
  return { context, outcome: trainOn(generatedDataset(8), bigan, context) };
};

describe.each([
  ['bigan', (context: never) => createBigan(context), {}],
  ['joint-latent-regressor', (context: never) => createLatentRegressor(context), { joint: true, weight: 0.25 }],
] as const)('%s against PyTorch', (name, create, settings) => {
  test('two steps of all parameter groups from the same weights', async () => {
    const { images, codes, before, losses, after } = reference[name];
    const input = { height: 4, width: 4, channels: 1 };
    const network = await configureNetwork({ name: 'bigan-mlp', width: 8 });
    const instance: TaskInstance = await create({
      config: { latent: 3, ...settings },
      input,
      normalisation: { mean: [0], std: [255] },
      adversaries: network.adversaries,
      buildEncoder: () => network.build(input, [1, 2]),
      key: () => [3, 4],
    } as never);
    const weights = instance.parameterGroups.flatMap(({ variables }) => variables);
    expect(weights.map((one) => one.name).sort()).toEqual(Object.keys(before).sort());
    assignVariables(weights, decodeReferences(before, ''));
    const drawn = vi.spyOn(GanNetworks.prototype, 'draw');
    const groups = new ParameterGroups(optimizerSchema.parse(adam), instance.parameterGroups);
    const batch = { images: decodeReference(images).data, shape: [12, 4, 4, 1], labels: new Int32Array(12) };
    for (const step of [0, 1]) {
      const { shape, data } = decodeReference(codes[step]);
      drawn.mockImplementation(() => tf.tensor2d(data as Float32Array, shape as [number, number]));
      const { values } = takeStep(instance, groups, batch as never, { epoch: 0, step, key: [0, 0] }, 2e-3);
      expect(Object.keys(values).sort()).toEqual(Object.keys(losses[step]).sort());
      for (const [term, value] of Object.entries(values)) expect(value, term).toBeCloseTo(losses[step][term], 5);
    }
    for (const { name: weight, variable } of weights) {
      const { shape, data } = decodeReference(after[weight]);
      const off = tf.tidy(() => variable.sub(tf.tensor(data, [...shape])).abs().max().dataSync()[0]); // prettier-ignore
      // Where a gradient is next to nothing, Adam makes much of rounding; a step is 2e-3.
      expect(off, weight).toBeLessThan(5e-5);
    }
  });
});

describe('BiGAN', () => {
  test('its discriminator begins by knowing nothing: every loss is ln 2', async () => {
    const { outcome } = train('first', { epochs: 1 });
    const lines = readFileSync((await outcome).files!['metrics.jsonl']!, 'utf8').split('\n');
    const first = JSON.parse(lines[0]!);
    expect(first.discriminator).toBeCloseTo(0.693147, 5);
    expect(first['generator-encoder']).toBeCloseTo(0.693147, 5);
  });

  test('publishes measures, pictures over time and an encoder with estimated statistics', async () => {
    const { outcome } = train('whole', { epochs: 2 });
    const result = await outcome;
    const metrics = result.metrics;
    expect(metricValues(metrics)['pretext/reconstruction-ratio']).toBeCloseTo(
      metricValues(metrics)['pretext/reconstruction-error']! /
        metricValues(metrics)['pretext/shifted-reconstruction-error']!,
      6,
    );
    for (const space of ['code', 'before-code', 'pixels']) {
      expect(metricValues(metrics)[`pretext/1nn-${space}`]).toBeGreaterThan(0);
      expect(metricValues(metrics)[`pretext/1nn-${space}`]).toBeLessThanOrEqual(100);
    }
    // Fewer images to be near to: farther away.
    expect(metricValues(metrics)['pretext/nearest-generated']).toBeLessThanOrEqual(
      metricValues(metrics)['pretext/nearest-generated-of-a-tenth']!,
    );
    expect(metricValues(metrics)['pretext/nearest-generated-of-a-tenth']).toBeLessThanOrEqual(
      metricValues(metrics)['pretext/nearest-generated-of-a-hundredth']!,
    );
    const { pictures } = figureData(result, 'pictures');
    expect(pictures.map(({ caption }) => caption)).toEqual(['Before training', 'After epoch 1', 'After epoch 2']);
    const loaded = await loadEncoder(result.blobs!['checkpoint']!);
    expect(loaded.description).toMatchObject({ task: 'bigan', batchNormStatistics: 'per-branch' });
    expect(loaded.probePoints).toEqual(['fc1', 'fc2']);
    expect([...loaded.tensors.keys()]).toEqual(expect.arrayContaining(['code/code/kernel', 'generator/pixels/bias']));
  });

  test('in windows shorter than the estimate of its statistics it ends all the same, to the same bits', async () => {
    const task = { ...small.task, statisticsBatches: 8, measured: { train: 20, generated: 100 } };
    const dataset = generatedDataset(8, { train: 96, test: 20 });
    const trial = { task: bigan, dataset, config: { ...small, epochs: 1, task } };
    const { alone, inWindows: cut, windows } = await inWindows(trial, join(root, 'windows'), 64);
    expect(cut).toEqual(alone);
    expect(windows).toBeGreaterThan(6);
  });

  test('interrupted and going on, it ends with the same bits, pictures too', async () => {
    const whole = await digests(await train('straight', { epochs: 2, checkpoint: { everySeconds: 1e-6 } }).outcome);
    const stop = new AbortController();
    const stopped = train('stopped', { epochs: 2, checkpoint: { everySeconds: 1e-6 } }, { signal: stop.signal });
    let steps = 0;
    stopped.context.progress.phase = () => ({
      advance: () => void (++steps === 9 && stop.abort()),
      done: () => undefined,
    });
    await expect(stopped.outcome).rejects.toThrow(/saved at step 9 of 12/);
    const { context, outcome } = train('stopped', { epochs: 2, checkpoint: { everySeconds: 1e-6 } });
    expect(await digests(await outcome)).toEqual(whole);
    expect(context.progress.lines[0]).toBe('Going on from step 9 of 12');
  });

  test('a loss that is not finite stops it, naming step, terms and the last good checkpoint', async () => {
    const judge = GanNetworks.prototype.judge;
    let passes = 0;
    vi.spyOn(GanNetworks.prototype, 'judge').mockImplementation(function (this: GanNetworks, images, codes) {
      return judge.call(this, images, codes).mul(++passes > 16 ? NaN : 1) as tf.Tensor2D; // two a step
    });
    const { outcome } = train('nan', { epochs: 2 });
    await expect(outcome).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/at step 9 \(epoch 2\): discriminator = NaN, generator-encoder = NaN/),
      file: join(root, 'nan', 'live', 'step-000000006.safetensors'),
    });
  });

  test('without training it is measured as it stands', async () => {
    const { outcome } = train('random', { epochs: 0 });
    const { metrics } = await outcome;
    expect(metricValues(metrics)['pretext/reconstruction-ratio']).toBeCloseTo(1, 1);
    expect(metricValues(metrics)['pretext/1nn-code']).toBeGreaterThan(0);
  });

  test.each([
    [{ latent: 0 }, 'latent'],
    [{ latent: 2.5 }, 'latent'],
    [{ measured: { generated: 99 } }, 'measured.generated'],
    [{ codes: 50 }, ''],
  ])('refuses the settings %j by name', (task, field) => {
    for (const module of [stage, latentRegressorStage]) {
      const parsed = module.schema.safeParse({ network: { name: 'bigan-mlp' }, epochs: 1, task });
      expect(parsed.success).toBe(false);
      expect(parsed.error!.issues[0]!.path.join('.')).toBe(field === '' ? 'task' : `task.${field}`);
    }
  });

  test('refuses a single test image before it trains', async () => {
    const context = trainingContext(bigan, join(root, 'one'), small);
    const dataset = generatedDataset(8, { train: 32, test: 1 });
    await expect(trainOn(dataset, bigan, context)).rejects.toMatchObject({ field: 'data.testSplit' });
  });

  test('refuses an encoder without adversaries, and takes another network’s', async () => {
    const network = { name: 'nin', blocks: 3, width: 4 };
    await expect(train('none', { network }).outcome).rejects.toMatchObject({ field: 'task.adversaries' });
    const adversaries = { name: 'bigan-mlp', width: 8 };
    const task = { ...small.task, adversaries, imageSide: 4 };
    expect(stage.parts!(stage.schema.parse({ network, epochs: 1, task }))).toEqual(['models/nin', 'models/bigan-mlp']);
    const { metrics } = await train('other', { network, task, epochs: 1 }).outcome;
    expect(metricValues(metrics)['pretext/reconstruction-error']).toBeGreaterThan(0);
  });
});

describe('the latent regressor', () => {
  test.each([false, true])('trains and is measured (joint: %s)', async (joint) => {
    const changes = { ...small, task: { ...small.task, joint }, epochs: 6 };
    const context = trainingContext(latentRegressor, join(root, `regressor-${joint}`), changes);
    const { metrics, figures } = await trainOn(generatedDataset(8), latentRegressor, context);
    const { train: curve } = figureData({ figures }, 'curve');
    // A code that says nothing has an error of 1/3, the variance of the prior.
    expect(curve.at(-1)!['encoder']).toBeLessThan(0.25);
    expect(metricValues(metrics)['pretext/1nn-code']).toBeGreaterThan(0);
  });
});

async function digests({ blobs, files, metrics, figures }: StageResult): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = { metrics, figures };
  for (const [name, path] of Object.entries({ ...blobs, ...files })) found[name] = await sha256File(path);
  return found;
}
