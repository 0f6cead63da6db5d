import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { loadEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { decodeReference, decodeReferences } from '@selfsup/models/testing/reference';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import { figureData } from '@selfsup/report/testing/figure-data';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { takeStep } from '@selfsup/trainer/step';
import type { TaskContext } from '../../task.ts';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import type { RotNetConfig } from './config.ts';
import stage, { rotnet } from './rotnet.ts';
import { createRotNet } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'rotnet-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('RotNet', () => {
  test('two training steps are those of PyTorch', async () => {
    const reference = JSON.parse(readFileSync(new URL('rotnet.reference.json', import.meta.url), 'utf8'));
    const network = await configureNetwork({ name: 'nin', blocks: 3, width: 8 });
    const input = { height: 32, width: 32, channels: 3 };
    const instance = await createRotNet({
      config: { quarterTurns: [0, 1, 2, 3] },
      input,
      normalisation: reference.normalisation,
      buildEncoder: () => network.build(input, [1, 2]),
      key: () => [3, 4],
    } as unknown as TaskContext<RotNetConfig>);
    const { encoder, head } = instance.models as { encoder: tf.LayersModel; head: tf.LayersModel };
    assignVariables(modelWeights('encoder', encoder), decodeReferences(reference.encoder, 'encoder/'));
    assignVariables(modelWeights('head', head), decodeReferences(reference.head, 'head/'));

    const groups = new ParameterGroups(optimizerSchema.parse({ name: 'sgd' }), instance.parameterGroups);
    const images = decodeReference(reference.images).data as Uint8Array;
    const batch = { images, shape: [4, 32, 32, 3] as const, labels: new Int32Array(4), indices: new Uint32Array(4) };
    const losses = [0, 1].map((step) => {
      const { values, samples } = takeStep(instance, groups, batch as never, { epoch: 0, step, key: [0, 0] }, 0.1);
      expect(samples).toBe(16);
      return values['loss']!;
    });
    losses.forEach((loss, step) => expect(loss).toBeCloseTo(reference.losses[step], 4));

    const ours = new Map(
      [...modelWeights('', encoder), ...modelWeights('', head)].map((one) => [one.name.slice(1), one.variable]),
    );
    for (const [name, expected] of Object.entries(reference.after)) {
      const { shape, data } = decodeReference(expected as never);
      const difference = tf.tidy(
        () =>
          ours
            .get(name)!
            .sub(tf.tensor(data, [...shape]))
            .abs()
            .max()
            .dataSync()[0],
      );
      expect(difference, name).toBeLessThan(1e-4);
    }
  });

  test('learns the rotations of generated images, and publishes what the report needs', async () => {
    const context = trainingContext(rotnet, folder, { epochs: 6 });
    const result = await trainOn(generatedDataset(), rotnet, context);
    expect(metricValues(result.metrics)['pretext/rotation-accuracy']).toBeGreaterThan(90);
    expect(metricValues(result.metrics)['pretext/rotation-accuracy-best']).toBeGreaterThanOrEqual(
      metricValues(result.metrics)['pretext/rotation-accuracy']!,
    );
    expect(metricValues(result.metrics)['pretext/loss']).toBeLessThan(0.5);

    const curve = figureData(result, 'curve');
    expect(curve.train.map((point) => point['epoch'])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(curve.test.at(-1)!['rotation-accuracy']).toBe(metricValues(result.metrics)['pretext/rotation-accuracy']);
    const { pictures } = figureData(result, 'pictures');
    expect(pictures).toHaveLength(24);
    expect(pictures[1]!.facts!['actual']).toBe('90°');
    expect(Buffer.from(pictures[1]!.image).subarray(1, 4).toString()).toBe('PNG');
    const filters = figureData(result, 'filters');
    expect(filters.shape).toEqual([8, 5, 5, 3]);
    expect(Buffer.from(filters.pixels, 'base64')).toHaveLength(8 * 75);

    const loaded = await loadEncoder(result.blobs!['checkpoint']!);
    expect(loaded.description).toMatchObject({
      task: 'rotnet',
      step: 36,
      epoch: 6,
      seed: 1,
      batchNormStatistics: 'joint',
    });
    expect([...loaded.tensors.keys()]).toContain('head/linear/kernel');
    expect([...loaded.tensors.keys()].filter((name) => name.startsWith('optimizer/'))).toEqual([]);
  });

  test('pictures are rotated counter-clockwise', async () => {
    const context = trainingContext(rotnet, join(folder, 'turned'), { epochs: 0 });
    const dataset = generatedDataset();
    const result = await trainOn(dataset, rotnet, context);
    const turned = tf.node.decodePng(figureData(result, 'pictures').pictures[1]!.image);
    const upright = dataset.image('test', 0);
    const pixels = turned.dataSync();
    // The top right corner of the image comes to the top left.
    expect([...pixels.slice(0, 3)]).toEqual([...upright.slice(15 * 3, 16 * 3)]);
  });

  test('two rotations make two classes', async () => {
    const context = trainingContext(rotnet, join(folder, 'two'), { epochs: 1, task: { quarterTurns: [1, 3] } });
    const result = await trainOn(generatedDataset(), rotnet, context);
    const { tensors } = await loadEncoder(result.blobs!['checkpoint']!);
    expect(tensors.get('head/linear/kernel')!.shape).toEqual([8, 2]);
  });

  test('refuses to turn images that are not square by 90°', async () => {
    const context = { config: { quarterTurns: [0, 1] }, input: { height: 16, width: 20, channels: 3 } };
    await expect(createRotNet(context as never)).rejects.toMatchObject({ field: 'task.quarterTurns' });
  });

  test.each([
    [{ task: { quarterTurns: [0] } }],
    [{ task: { quarterTurns: [0, 0] } }],
    [{ task: { quarterTurns: [0, 4] } }],
    [{ task: { rotations: 4 } }],
    [{ epohcs: 3 }],
  ])('refuses the config %j', (changes) => {
    const config = { network: { name: 'nin' }, epochs: 1, ...changes };
    expect(stage.schema.safeParse(config).success).toBe(false);
  });

  test('the stage names its roles and the network that it loads', () => {
    const config = stage.schema.parse({ network: { name: 'nin' }, epochs: 1 });
    expect(stage.roles).toEqual(['dataset']);
    expect(stage.parts!(config)).toEqual(['models/nin']);
    expect(config).toMatchObject({
      task: { quarterTurns: [0, 1, 2, 3] },
      optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
      schedule: { name: 'cosine', learningRate: 0.1 },
      batchSize: 128,
      data: { split: 'train', augment: { padCrop: 4, flip: true } },
    });
  });
});
