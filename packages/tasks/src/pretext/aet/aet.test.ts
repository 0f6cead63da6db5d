import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { loadEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import type { ReferenceArray } from '@selfsup/models/testing/reference';
import { figureData } from '@selfsup/report/testing/figure-data';
import type { TaskContext } from '../../task.ts';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { interrupted } from '../../testing/interruption.ts';
import { takeReferenceSteps } from '../../testing/pytorch-steps.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import stage, { aet } from './aet.ts';
import type { AetConfig } from './config.ts';
import { createAet } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'aet-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { training } = JSON.parse(readFileSync(new URL('aet.reference.json', import.meta.url), 'utf8'));

interface TrainingCase {
  readonly transformation: string;
  readonly loss: string;
  readonly rate: number;
  readonly decoder: Record<string, ReferenceArray>;
  readonly losses: number[];
  readonly after: Record<string, ReferenceArray>;
}

describe('two training steps are those of PyTorch', () => {
  test.each<TrainingCase>(training.cases)('$transformation, $loss', async ({ transformation, loss, ...reference }) => {
    const network = await configureNetwork({ name: 'nin', blocks: 3, width: 8 });
    const input = { height: 32, width: 32, channels: 3 };
    const instance = await createAet({
      config: aet.schema.parse({ transformation, loss }),
      input,
      normalisation: training.normalisation,
      buildEncoder: () => network.build(input, [1, 2]),
      key: () => [3, 4],
    } as unknown as TaskContext<AetConfig>);
    const { rate, decoder, losses, after } = reference;
    const steps = { images: training.images, before: { encoder: training.encoder, decoder }, after, steps: 2 };
    const { values, differences } = takeReferenceSteps(instance, steps, optimizerSchema.parse({ name: 'sgd' }), rate);
    losses.forEach((expected, step) => expect(values[step]!['loss']).toBeCloseTo(expected, 4));
    for (const [name, difference] of Object.entries(differences)) expect(difference, name).toBeLessThan(1e-4);
  });
});

describe('AET', () => {
  test.each([
    ['affine', 'parameters', { shear: 0, rotation: 10 }, 0.1, 0.5],
    ['affine', 'matrix', { shear: 0, rotation: 10 }, 0.1, 0.75],
    ['projective', 'parameters', { jitter: 0, scale: [1, 1] }, 0.1, 0.2],
    ['projective', 'matrix', { jitter: 0, scale: [1, 1] }, 0.03, 0.3],
  ])('learns %s transformations by the loss on the %s', async (transformation, loss, ranges, learningRate, most) => {
    const own = join(folder, `${transformation}-${loss}`);
    const context = trainingContext(aet, own, {
      epochs: 14,
      task: { transformation, loss, ...ranges },
      schedule: { name: 'cosine', learningRate },
      evaluate: { everyEpochs: 14 },
      data: { workers: 0, augment: {} },
    });
    const { metrics, figures, blobs } = await trainOn(generatedDataset(), aet, context);
    expect(metricValues(metrics)['pretext/mse']! / metricValues(metrics)['pretext/predict-the-mean-mse']!).toBeLessThan(
      most,
    );
    expect(metricValues(metrics)[`pretext/r2-${transformation === 'affine' ? 'scale' : 'linear'}`]).toBeGreaterThan(
      0.5,
    );

    const { pictures } = figureData({ figures }, 'pictures');
    expect(pictures).toHaveLength(24);
    expect(pictures[2]!.facts).toHaveProperty('mean squared error');
    const first = tf.node.decodePng(pictures[0]!.image).dataSync();
    expect([...first]).toEqual([...generatedDataset().image('test', 0)]);
    const loaded = await loadEncoder(blobs!['checkpoint']!);
    expect(loaded.tensors.get('decoder/linear/kernel')!.shape).toEqual([16, transformation === 'affine' ? 6 : 8]);
    expect(loaded.description).toMatchObject({ task: 'aet', batchNormStatistics: 'joint' });
  });

  test('same config and seed: same bits, crashes or not', async () => {
    const config = { epochs: 2, task: { transformation: 'projective' } };
    const root = join(folder, 'bits');
    const { whole, again, resumed, crashed } = await interrupted(
      { task: aet, dataset: generatedDataset(), config },
      root,
      [3, 5],
    );
    expect(crashed).toBe(2);
    expect(again).toEqual(whole);
    expect(resumed).toEqual(whole);
  });

  test.each([
    [{ transformation: 'affine', rotation: 200 }, 'rotation', /come round/],
    [{ transformation: 'affine', translation: 0.6 }, 'translation', /leave the frame/],
    [{ transformation: 'affine', scale: [-1, 1] }, 'scale', /shrink|fold/],
    [{ transformation: 'affine', scale: [1.3, 0.7] }, 'scale', /least scale/],
    [{ transformation: 'affine', shear: 90 }, 'shear', /fold/],
    [
      { transformation: 'affine', rotation: 0, translation: 0, scale: [1, 1], shear: 0 },
      'rotation',
      /nothing to predict/,
    ],
    [{ transformation: 'projective', jitter: 0.2 }, 'jitter', /fold/],
    [{ transformation: 'projective', scale: [0.4, 1.2] }, 'jitter', /fold/],
    [{ transformation: 'projective', scale: [1, 1], jitter: 0, quarterTurns: false }, 'jitter', /nothing to predict/],
    [{ transformation: 'projective', standardise: { mean: [0], std: [1] } }, 'mean', /./],
    [{ transformation: 'swirl' }, 'transformation', /./],
    [{}, 'transformation', /./],
    [{ transformation: 'affine', jitter: 0.1 }, '', /jitter/],
  ])('refuses the task %j', (task, field, message) => {
    const parsed = stage.schema.safeParse({ network: { name: 'nin' }, epochs: 1, task });
    const issue = parsed.error!.issues[0]!;
    expect(issue.path.join('.')).toContain(field);
    expect(issue.message).toMatch(message);
  });

  test('refuses images that are not square, and corners that cannot move', async () => {
    const create = (config: object, input: object) =>
      createAet({ config: aet.schema.parse(config), input } as unknown as TaskContext<AetConfig>);
    await expect(create({ transformation: 'affine' }, { height: 16, width: 20, channels: 3 })).rejects.toMatchObject({
      field: 'data.augment',
    });
    const still = { transformation: 'projective', scale: [1, 1], jitter: 0.02, quarterTurns: false };
    await expect(create(still, { height: 32, width: 32, channels: 3 })).rejects.toMatchObject({ field: 'task.jitter' });
  });
});
