import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { deriveKey } from '@selfsup/kit/random';
import type { StageInput, StageResult } from '@selfsup/kit/stage';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { decodeReference } from '@selfsup/models/testing/reference';
import { figureData } from '@selfsup/report/testing/figure-data';
import type { TaskContext } from '../../task.ts';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { interrupted } from '../../testing/interruption.ts';
import { takeReferenceSteps } from '../../testing/pytorch-steps.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import aetStage, { aet } from '../aet/aet.ts';
import { drawCodes } from './codes.ts';
import type { TransformGeneratorConfig } from './config.ts';
import { generatorFunction } from './generator.ts';
import { loadGenerator } from './load-generator.ts';
import { createTransformGenerator } from './run.ts';
import stage, { transformGenerator } from './transform-generator.ts';

const folder = mkdtempSync(join(tmpdir(), 'generator-'));
afterAll(() => rmSync(folder, { recursive: true }));

const optimizer = { name: 'adam', beta1: 0.5, weightDecay: 0 };
const config = {
  task: { codeSize: 2, width: 4, leastChange: 8, weights: { code: 3 } },
  optimizer,
  schedule: { name: 'constant', learningRate: 0.003 },
};
let checkpoint: string;
let metrics: Readonly<Record<string, number>>;
let figures: StageResult['figures'];
const generatorInput = (path: string): StageInput => ({ ref: 'generator', folder: '', metrics: [], blob: () => path });

beforeAll(async () => {
  const changes = { ...config, epochs: 12, evaluate: { everyEpochs: 12 }, data: { workers: 0, augment: {} } };
  const context = trainingContext(transformGenerator, join(folder, 'trained'), changes);
  const result = await trainOn(generatedDataset(), transformGenerator, context);
  checkpoint = result.blobs!['checkpoint']!;
  metrics = metricValues(result.metrics);
  figures = result.figures;
});

test('what G makes, and two steps of both parameter groups, are those of PyTorch', async () => {
  const reference = JSON.parse(readFileSync(new URL('transform-generator.reference.json', import.meta.url), 'utf8'));
  const input = { height: 16, width: 16, channels: 3 };
  const network = await configureNetwork({ name: 'nin', blocks: 3, width: 8 });
  const instance = await createTransformGenerator({
    config: reference.config,
    input,
    normalisation: reference.normalisation,
    buildEncoder: () => network.build(input, [1, 2]),
    key: (purpose: string) => (purpose === 'generator' ? [3, 4] : [5, 6]),
  } as unknown as TaskContext<TransformGeneratorConfig>);
  const { images, encoder, decoder, generator, discriminator, after, losses } = reference;
  const before = { encoder, decoder, generator, discriminator };
  const take = (steps: number) =>
    takeReferenceSteps(instance, { images, before, after, steps }, optimizerSchema.parse(optimizer), 2e-3);
  take(0);
  tf.tidy(() => {
    const [originals, expected] = [images, reference.generated].map((array) => {
      const { data, shape } = decodeReference(array);
      return tf.tensor4d(Float32Array.from(data), shape as [number, number, number, number]);
    }) as [tf.Tensor4D, tf.Tensor4D];
    const codes = drawCodes(deriveKey([0, 0], 'codes'), 4, 2);
    const generate = generatorFunction(instance.models['generator']!, reference.config, input, reference.normalisation);
    expect(generate(originals, codes).sub(expected).abs().max().dataSync()[0]).toBeLessThan(0.01);
    // The code 0 leaves images as they are.
    expect(generate(originals, tf.zerosLike(codes)).sub(originals).abs().max().dataSync()[0]).toBeLessThan(1e-3);
  });
  const { values, differences } = take(2);
  losses.forEach((expected: Record<string, number>, step: number) => {
    for (const [name, value] of Object.entries(expected)) expect(values[step]![name], name).toBeCloseTo(value, 3);
  });
  for (const [name, difference] of Object.entries(differences)) expect(difference, name).toBeLessThan(2e-4);
});

test('trained, its codes change images visibly and can be told from the pair', () => {
  expect(metrics['generator/change']).toBeGreaterThan(5);
  expect(metrics['generator/mse']! / metrics['generator/predict-the-mean-mse']!).toBeLessThan(0.5);
  // Uniform in [−1, 1].
  expect(Math.abs(metrics['generator/predict-the-mean-mse']! - 1 / 3)).toBeLessThan(0.06);
  const { pictures } = figureData({ figures }, 'pictures');
  expect(pictures).toHaveLength(36);
  const [original, made] = [0, 1].map((i) => tf.node.decodePng(pictures[i]!.image).toFloat());
  expect([...original!.dataSync()]).toEqual([...generatedDataset().image('test', 0)]);
  expect(original!.sub(made!).abs().mean().dataSync()[0]).toBeGreaterThan(1);
});

test('AET estimates the codes of its checkpoint', async () => {
  const changes = { epochs: 10, evaluate: { everyEpochs: 10 }, data: { workers: 0, augment: {} } };
  const own = { ...changes, task: { transformation: 'generated' }, schedule: { name: 'cosine', learningRate: 0.05 } };
  const more = { needs: { generator: generatorInput(checkpoint) } };
  const context = trainingContext(aet, join(folder, 'aet'), own, more);
  const result = await trainOn(generatedDataset(), aet, context);
  expect(
    metricValues(result.metrics)['pretext/mse']! / metricValues(result.metrics)['pretext/predict-the-mean-mse']!,
  ).toBeLessThan(0.5);
  const { pictures } = figureData(result, 'pictures');
  expect(pictures).toHaveLength(24);
});

test('AET takes a generator from a file as well as from a stage, and no other file for it', async () => {
  const train = (name: string, task: object, needs = {}) => {
    const changes = { epochs: 1, data: { workers: 0, augment: {} }, task: { transformation: 'generated', ...task } };
    return trainOn(generatedDataset(), aet, trainingContext(aet, join(folder, name), changes, { needs }));
  };
  const generator = { file: checkpoint, sha256: await sha256File(checkpoint) };
  const fromStage = await train('from-stage', {}, { generator: generatorInput(checkpoint) });
  const fromFile = await train('from-file', { generator });
  expect(fromFile.metrics).toEqual(fromStage.metrics);
  const other = train('other-file', { generator: { ...generator, sha256: '0'.repeat(64) } });
  await expect(other).rejects.toMatchObject({ name: 'UserError', field: 'task.generator.sha256', file: checkpoint });
  const missing = train('no-file', { generator: { ...generator, file: join(folder, 'missing') } });
  await expect(missing).rejects.toMatchObject({ name: 'UserError', field: 'task.generator.file' });
});

test('same config and seed: same bits, crashes or not; AET on its codes too', async () => {
  const dataset = generatedDataset();
  const alone = { task: transformGenerator, dataset, config: { ...config, epochs: 2 } };
  const first = await interrupted(alone, join(folder, 'bits'), [3, 6]);
  const needs = { generator: generatorInput(checkpoint) };
  const after = { task: aet, dataset, config: { epochs: 1, task: { transformation: 'generated' } }, needs };
  const second = await interrupted(after, join(folder, 'aet-bits'), [3]);
  for (const { whole, again, resumed } of [first, second]) {
    expect(again).toEqual(whole);
    expect(resumed).toEqual(whole);
  }
  expect([first.crashed, second.crashed]).toEqual([2, 1]);
});

test('the generator is asked for only by generated transformations, and another checkpoint refused', async () => {
  const parse = (task: object) => aetStage.schema.parse({ network: { name: 'nin' }, epochs: 1, task });
  expect(aetStage.rolesFor!(parse({ transformation: 'generated' }))).toEqual(['generator']);
  expect(aetStage.rolesFor!(parse({ transformation: 'affine' }))).toEqual([]);
  const generator = { file: 'generator.safetensors', sha256: '0'.repeat(64) };
  expect(aetStage.rolesFor!(parse({ transformation: 'generated', generator }))).toEqual([]);
  await expect(loadGenerator(checkpoint, { height: 32, width: 32, channels: 3 })).rejects.toThrow(
    'made for images of 16 × 16 × 3, these are of 32 × 32 × 3',
  );
  const context = trainingContext(aet, join(folder, 'other'), { epochs: 0, task: { transformation: 'affine' } });
  const other = (await trainOn(generatedDataset(), aet, context)).blobs!['checkpoint']!;
  await expect(loadGenerator(other, { height: 16, width: 16, channels: 3 })).rejects.toMatchObject({
    field: 'needs.generator',
    remedy: expect.stringContaining('tasks/transform-generator'),
  });
});

test.each([
  [{ shift: 0.5 }, 'shift', /fold/],
  [{ shift: 0 }, 'shift', /./],
  [{ colour: 1 }, 'colour', /black/],
  [{ codeSize: 0 }, 'codeSize', /./],
  [{ cells: 0 }, 'cells', /./],
  [{ noise: 8 }, '', /noise/],
])('refuses the task %j', (task, field, message) => {
  const issue = stage.schema.safeParse({ network: { name: 'nin' }, epochs: 1, task }).error!.issues[0]!;
  expect(issue.path.join('.')).toContain(field);
  expect(issue.message).toMatch(message);
});
