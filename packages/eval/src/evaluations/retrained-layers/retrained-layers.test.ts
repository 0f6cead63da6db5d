import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { randomKey } from '@selfsup/kit/random';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { saveEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { parameterCount } from '@selfsup/models/weights';
import { asInput, randomEncoder, resultOf, run, shapes, workFolderOf } from '../../testing/stages.ts';
import { retrainingProtocols } from './protocols.ts';
import retrainedLayers from './retrained-layers.ts';
import { upperLayers } from './upper-layers.ts';

const base = {
  protocol: 'rotnet',
  units: 16,
  epochs: 2,
  batchSize: 24,
  train: { subset: { first: 48 } },
  test: { subset: { first: 16 } },
  workers: 0,
};
let needs: { encoder: StageInput; dataset: StageInput };

beforeAll(async () => {
  const network = { variant: 'rotnet', widthMultiplier: 0.03 };
  const built = await configureNetwork({ name: 'alexnet', ...network });
  const model = built.build({ height: 224, width: 224, channels: 3 }, randomKey(1));
  const normalisation = { mean: [120, 120, 120], std: [60, 60, 60] };
  const facts = { task: 'random', step: 0, epoch: 0, seed: 1, batchNormStatistics: 'joint' } as const;
  const description = { ...facts, network: { name: 'alexnet', config: network }, normalisation };
  const checkpoint = workFolderOf('alexnet-checkpoint');
  await saveEncoder(checkpoint, { encoder: model }, description);
  model.dispose();
  needs = { encoder: asInput('alexnet', { blobs: { checkpoint }, metrics: [] }), dataset: await shapes(224) };
});

test('parameters, layer by layer: those of AlexNet above conv4 and conv5', () => {
  const count = (layer: 'conv4' | 'conv5', units: number) => {
    const model = upperLayers({ [layer]: [13, 13, 256] }, 1000, units, [1, 2]);
    const found = parameterCount(model);
    model.dispose();
    return found;
  };
  // fc6 and fc7 without bias, batch norm 2 a unit; the last layer with bias; conv5 with bias and batch norm.
  const above5 = (units: number) => 9216 * units + 2 * units + units * units + 2 * units + units * 1000 + 1000;
  expect(count('conv5', 64)).toBe(above5(64));
  expect(count('conv4', 64)).toBe(above5(64) + 9 * 256 * 256 + 256 + 2 * 256);
  // As published, counted by the same formula.
  expect(above5(4096)).toBe(58_639_336);
});

test('begins as the reference does: variance 2 / units, 2 / (9 · 256) in conv5; an input and an output a layer', () => {
  const model = upperLayers({ conv4: [13, 13, 256], conv5: [13, 13, 256] }, 10, 64, [1, 2]);
  const deviation = (layer: string) =>
    Math.sqrt(tf.moments(model.getLayer(layer).getWeights()[0]!).variance.dataSync()[0]!);
  expect(deviation('conv4_conv5_convolution') / Math.sqrt(2 / (9 * 256))).toBeCloseTo(1, 2);
  expect(deviation('conv5_fc6_linear') / Math.sqrt(2 / 64)).toBeCloseTo(1, 2);
  expect(model.inputs.map(({ shape }) => shape)).toEqual([
    [null, 13, 13, 256],
    [null, 13, 13, 256],
  ]);
  expect(model.outputs.map(({ shape }) => shape)).toEqual([
    [null, 10],
    [null, 10],
  ]);
  model.dispose();
});

test('the protocols are those of the two repositories', () => {
  const rates = ({ epochs, schedule }: (typeof retrainingProtocols)['aet']) => ({ epochs, schedule });
  const table = (...until: number[]) =>
    [0.01, 0.002, 0.0004, 0.00008].map((learningRate, i) => ({ until: until[i], learningRate }));
  const steps = (...until: number[]) => ({ epochs: until[3], schedule: { name: 'steps', table: table(...until) } });
  expect(rates(retrainingProtocols.rotnet)).toEqual(steps(10, 20, 30, 40));
  expect(rates(retrainingProtocols.aet)).toEqual(steps(20, 30, 40, 50));
  expect(retrainingProtocols.aet).toMatchObject({
    units: 4096,
    batchSize: 192,
    optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    augment: { resize: 256, randomCrop: 224, flip: true },
    testView: { resize: 256, centreCrop: 224 },
  });
});

test('trains both layers together as each alone, with the same bits, and leaves no tensors', async () => {
  const before = tf.memory().numTensors;
  const together = await run(retrainedLayers, 'together', base, needs);
  expect(tf.memory().numTensors).toBe(before);
  const alone = await run(retrainedLayers, 'alone', { ...base, layers: ['conv5'] }, needs);
  const measures = Object.keys(metricValues(together.metrics)).filter((name) => name.includes('/conv5/'));
  expect(measures).toEqual(Object.keys(metricValues(alone.metrics)));
  expect(measures).toContain('retrained/rotnet*/conv5/top1');
  for (const name of measures) expect(metricValues(together.metrics)[name]).toBe(metricValues(alone.metrics)[name]);
  await run(retrainedLayers, 'again', base, needs);
  expect(resultOf('again').figures).toEqual(resultOf('together').figures);
  const done = JSON.parse(readFileSync(join(workFolderOf('together'), 'protocol.json'), 'utf8')) as object;
  expect(done).toMatchObject({
    label: 'rotnet*',
    units: 16,
    differences: expect.arrayContaining([expect.any(String)]),
  });
});

test('a setting that is the published one leaves no star', async () => {
  const config = { ...base, units: undefined, epochs: 40, batchSize: 192, layers: ['conv5'] };
  const { metrics } = await run(retrainedLayers, 'plain', config, needs, { extent: dryRun });
  expect(Object.keys(metricValues(metrics))[0]).toBe('retrained/rotnet/conv5/top1');
});

test('what cannot work is refused by name', async () => {
  const small = { encoder: await randomEncoder(), dataset: await shapes(16) };
  await expect(run(retrainedLayers, 'x', base, small)).rejects.toMatchObject({ field: 'layers' });
  const parse = (changes: object) => () => retrainedLayers.schema.parse({ ...base, ...changes });
  expect(parse({ layers: ['conv3'] })).toThrow(/conv4/);
  expect(parse({ layers: ['conv4', 'conv4'] })).toThrow(/named twice/);
  expect(parse({ protocol: 'asano' })).toThrow(/rotnet/);
  expect(parse({ pooling: {} })).toThrow(/pooling/);
  expect(parse({ units: 0 })).toThrow();
});
