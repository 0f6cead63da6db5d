import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openDataset } from '@selfsup/data/dataset';
import { augmentBatch } from '@selfsup/data/testing/internals';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { randomKey } from '@selfsup/kit/random';
import { dryRun, Interrupted, type StageInput } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { figureData } from '@selfsup/report/testing/figure-data';
import { freezeEncoder } from '../../features/frozen-encoder.ts';
import { openAugmentedSource } from '../../heads/augmented-source.ts';
import { silent } from '../../testing/in-memory.ts';
import { asInput, contextOf, randomEncoder, resultOf, run, shapes, workFolderOf } from '../../testing/stages.ts';
import classifier from '../classifier/classifier.ts';
import features from '../features/features.ts';
import linearProbe from '../linear-probe/linear-probe.ts';
import augmentedProbe from './augmented-probe.ts';

const base = { protocol: 'test', layer: 'conv2', batchSize: 32, epochs: 3, workers: 0 };
const augment = { padCrop: 4, flip: true };
let needs: { encoder: StageInput; dataset: StageInput };
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await shapes(16) };
});

test('without augmentation a head is that of the cached features', async () => {
  const extracted = await run(features, 'features', { layers: ['conv2'] }, needs);
  const cachedNeeds = { features: asInput('features', extracted) };
  const { workers: _, ...training } = { ...base, dropLast: false, samplesPerEpoch: 250 };
  const cached = [
    await run(classifier, 'cached-fc2', { ...training, head: 'fc2' }, cachedNeeds),
    await run(linearProbe, 'cached-linear', training, cachedNeeds),
  ];
  for (const [i, head] of ['fc2', 'linear'].entries()) {
    const live = await run(augmentedProbe, `live-${head}`, { ...training, head, augment: {} }, needs);
    expect(Object.keys(metricValues(live.metrics))).toEqual(Object.keys(metricValues(cached[i]!.metrics)));
    const [ours, theirs] = [
      figureData(resultOf(`live-${head}`), 'curve'),
      figureData(resultOf(`cached-${head}`), 'curve'),
    ];
    expect(ours!.train).toHaveLength(3);
    ours!.train.forEach((point, at) => expect(point['loss']).toBeCloseTo(theirs!.train[at]!['loss']!, 4));
    ours!.test.forEach((point, at) => expect(point['top1']).toBeCloseTo(theirs!.test[at]!['top1']!, 4));
    const confusionOf = (name: string) => figureData(resultOf(`${name}-${head}`), 'confusion');
    expect(confusionOf('live')).toEqual(confusionOf('cached'));
  }
});

test('each epoch shows an image in its own augmentation, and again the same when asked again', async () => {
  const key = randomKey(4, 'test');
  const onePerClass = Array.from({ length: 10 }, (_, i) => 10 + i);
  const one = { ...base, head: 'fc1', batchSize: 1, augment, train: { subset: { list: onePerClass } } };
  const before = tf.memory().numTensors;
  const source = await openAugmentedSource(contextOf(augmentedProbe, 'epochs', one, needs), key);
  const encoder = await loadEncoder(needs.encoder.blob('checkpoint'));
  const frozen = freezeEncoder(encoder, ['conv2']);
  const dataset = openDataset(needs.dataset.blob('lmdb'));
  const seen: string[] = [];
  const live = async (epoch: number) => {
    let values: Float32Array | undefined;
    for await (const batch of source.train(epoch, 0)) {
      const [features] = batch.features as [tf.Tensor];
      if (batch.labels[0] === dataset.labels('train')[17]) values = features.dataSync() as Float32Array;
      features.dispose();
    }
    return values!;
  };
  for (let epoch = 0; epoch < 4; epoch++) {
    const { pixels, ...size } = dataset.picture('train', 17);
    const image = new Uint8Array(pixels.length);
    augmentBatch(pixels, image, size, [17], augment, key, epoch);
    const [expected] = frozen.extract(image, 1) as [Float32Array];
    const values = await live(epoch);
    values.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
    expect(await live(epoch)).toEqual(values);
    seen.push(values.join());
  }
  expect(new Set(seen).size).toBe(4);

  // The test images are left alone: those of the dataset, through the encoder.
  for await (const { features: all, labels } of source.test()) {
    const [features] = all as [tf.Tensor];
    expect([...labels]).toEqual([...dataset.labels('test')]);
    const [expected] = frozen.extract(dataset.image('test', 3), 1) as [Float32Array];
    const size = features.size / labels.length;
    const row = (features.dataSync() as Float32Array).subarray(3 * size, 4 * size);
    row.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
    features.dispose();
  }
  await dataset.close();
  await source.close();
  encoder.model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('a training that is stopped and resumed ends with the bits of one that was not, for any number of threads', async () => {
  const settings = { ...base, head: 'conv', width: 6, augment, epochs: 4 };
  const whole = await run(augmentedProbe, 'whole', { ...settings, workers: 1 }, needs);
  const plain = await run(augmentedProbe, 'plain', { ...settings, augment: {} }, needs);
  const curve = (name: string) => figureData(resultOf(name), 'curve');
  expect(curve('plain')).not.toEqual(curve('whole'));
  expect(metricValues(plain.metrics)).toHaveProperty('conv/test/conv2/top1');

  const controller = new AbortController();
  let batches = 0;
  const phase = { advance: () => void (++batches === 15 && controller.abort()), done: () => void 0 };
  const progress = { ...silent, phase: (name: string) => (name.startsWith('conv') ? phase : silent.phase('', 1, '')) };
  const interrupted = { progress, signal: controller.signal };
  await expect(run(augmentedProbe, 'stopped', settings, needs, interrupted)).rejects.toBeInstanceOf(Interrupted);
  expect(readdirSync(join(workFolderOf('stopped'), 'live'))).toEqual(['step-000000015.safetensors']);
  const resumed = await run(augmentedProbe, 'stopped', settings, needs);
  expect(resumed.metrics).toEqual(whole.metrics);
  expect(curve('stopped')).toEqual(curve('whole'));
});

test('a dry run takes one step', async () => {
  await run(augmentedProbe, 'dry', { ...base, head: 'fc3', augment }, needs, { extent: dryRun });
  expect(figureData(resultOf('dry'), 'curve').train).toHaveLength(1);
  expect(existsSync(join(workFolderOf('dry'), 'test-features'))).toBe(false);
});

test('what cannot work is refused by name', async () => {
  const settings = { ...base, head: 'fc1', augment };
  await expect(run(augmentedProbe, 'x', { ...settings, layer: 'conv7' }, needs)).rejects.toMatchObject({
    message: "The encoder has no layer 'conv7'",
    field: 'layer',
    remedy: 'Use one of: conv1, conv2, conv3.',
  });
  await expect(run(augmentedProbe, 'x', settings, { ...needs, dataset: await shapes(20) })).rejects.toThrow(
    'The encoder takes images of 16 × 16 × 3, dataset shapes has 20 × 20 × 3',
  );
  await expect(run(augmentedProbe, 'x', settings, { encoder: needs.encoder })).rejects.toThrow("needs 'dataset'");
  const few = { ...settings, batchSize: 4, train: { subset: { first: 5 } } };
  await expect(run(augmentedProbe, 'x', few, needs)).rejects.toThrow(/No training image shows class/);
  await expect(run(augmentedProbe, 'x', { ...settings, batchSize: 512 }, needs)).rejects.toThrow(
    /do not fill one batch/,
  );
  expect(() => augmentedProbe.schema.parse({ ...settings, pooling: 'none' })).toThrow(/pooling/); // linear's alone
  expect(() => augmentedProbe.schema.parse({ ...settings, augment: { crop: 4 } })).toThrow(/crop/);
});
