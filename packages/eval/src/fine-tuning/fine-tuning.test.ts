import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256File } from '@selfsup/engine/files';
import { randomKey } from '@selfsup/engine/random';
import type { StageInput } from '@selfsup/engine/stage';
import { tf } from '@selfsup/engine/tensorflow';
import { readCheckpoint, writeCheckpoint } from '@selfsup/models/checkpoint';
import { loadEncoder, saveEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { rateGroups } from '@selfsup/models/optimizers/rate-groups';
import { decodeReference, decodeReferences, type ReferenceArray } from '@selfsup/models/reference.fixture';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import { beforeAll, expect, test } from 'vitest';
import { silent } from '../in-memory.fixture.ts';
import { buildHead } from '../heads.ts';
import { asInput, randomEncoder, run, shapes, workFolderOf } from '../stages.fixture.ts';
import { tunedNetwork } from '../tuned-network.ts';
import { tuningStep } from '../tuning.ts';
import fineTuning from './fine-tuning.ts';

const base = {
  ...{ protocol: 'test', layer: 'conv3', head: 'linear', pooling: { adaptiveAverage: 1 }, epochs: 3, batchSize: 20 },
  ...{ augment: { padCrop: 2, flip: true }, workers: 0 },
};
let needs: { encoder: StageInput; dataset: StageInput };
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await shapes(16) };
});
const weightsOf = async (path: string) => (await readCheckpoint(path)).tensors;

/** See bench/oracles/fine_tuning_reference.py. */
interface Reference {
  readonly normalisation: { mean: number[]; std: number[] };
  readonly images: ReferenceArray;
  readonly labels: number[];
  readonly learningRate: number;
  readonly factors: Record<string, number>;
  readonly weightDecay: number;
  readonly encoder: Record<string, ReferenceArray>;
  readonly head: Record<string, ReferenceArray>;
  readonly losses: number[];
  readonly after: Record<string, ReferenceArray>;
}

test('two steps with a frozen block and a rate for each part end where PyTorch’s parameter groups do', async () => {
  const path = new URL('fine-tuning.reference.json', import.meta.url);
  const reference = JSON.parse(readFileSync(path, 'utf8')) as Reference;
  const config = { blocks: 3, width: 8 };
  const built = await configureNetwork({ name: 'nin', ...config });
  const model = built.build({ height: 16, width: 16, channels: 3 }, [0, 0]);
  assignVariables(modelWeights('encoder', model), decodeReferences(reference.encoder, 'encoder/'));
  const facts = { task: 'random', step: 0, epoch: 0, seed: 1, batchNormStatistics: 'joint' } as const;
  const { normalisation } = reference;
  const checkpoint = workFolderOf('reference-checkpoint');
  await saveEncoder(checkpoint, { encoder: model }, { ...facts, network: { name: 'nin', config }, normalisation });
  model.dispose();

  const before = tf.memory().numTensors;
  const encoder = await loadEncoder(checkpoint);
  const network = tunedNetwork({
    ...{ encoder, layer: 'conv3', frozen: 'conv1', learningRates: reference.factors },
    buildHead: (shape) =>
      buildHead(
        { head: 'linear', pooling: { adaptiveAverage: 1 }, batchNorm: false },
        { shape, classes: 4, key: [1, 2], initialiser: 'torch' },
      ),
  });
  assignVariables(modelWeights('head', network.head), decodeReferences(reference.head, 'head/'));
  const { weightDecay } = reference;
  const optimizer = rateGroups(optimizerSchema.parse({ name: 'sgd', weightDecay }), network.trained, network.factorOf);
  const images = decodeReference(reference.images).data as Uint8Array;
  const labels = Int32Array.from(reference.labels);
  for (const expected of reference.losses)
    expect(tuningStep(network, optimizer, { images, labels }, reference.learningRate, randomKey(1))).toBeCloseTo(
      expected,
      4,
    );
  const ours = [...modelWeights('encoder', encoder.model), ...modelWeights('head', network.head)];
  expect(ours.map(({ name }) => name).sort()).toEqual(Object.keys(reference.after).sort());
  for (const { name, variable } of ours) {
    const { data } = decodeReference(reference.after[name]!);
    const found = variable.dataSync();
    const difference = Math.max(...Array.from(data as Float32Array, (value, i) => Math.abs(value - found[i]!)));
    expect([name, difference < 1e-4]).toEqual([name, true]);
    const first = reference.encoder[name.replace('encoder/', '')];
    const moved = first === undefined || first.base64 !== reference.after[name]!.base64;
    expect([name, moved]).toEqual([name, !name.startsWith('encoder/block1')]);
  }
  optimizer.dispose();
  network.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('the whole network learns; its checkpoint is an encoder, and nothing is left on the device', async () => {
  const before = tf.memory().numTensors;
  const part = { train: { subset: { first: 40 } }, schedule: { name: 'constant', learningRate: 0.02 } };
  const settings = { ...base, ...part, pooling: { adaptiveAverage: 4 }, epochs: 6, augment: {} };
  const result = await run(fineTuning, 'whole', settings, needs);
  expect(tf.memory().numTensors).toBe(before);
  expect(Object.keys(result.metrics)).toEqual([
    'fine-tuned-linear/test/conv3/top1',
    'fine-tuned-linear/test/conv3/top1-best',
  ]);
  const curve = JSON.parse(readFileSync(join(workFolderOf('whole'), 'curve.json'), 'utf8')) as {
    train: { loss: number }[];
  };
  expect(curve.train.at(-1)!.loss).toBeLessThan(curve.train[0]!.loss - 0.5);
  const tuned = asInput('whole', result).blob('checkpoint');
  const encoder = await loadEncoder(tuned);
  expect(encoder.description).toMatchObject({ task: 'fine-tuning', epoch: 6, step: 12 });
  encoder.model.dispose();
  const [old, now] = [await weightsOf(needs.encoder.blob('checkpoint')), await weightsOf(tuned)];
  for (const [name, { data }] of old)
    if (/kernel|moving/.test(name)) expect([name, now.get(name)!.data]).not.toEqual([name, data]);
});

test('frozen layers keep every bit, those above move', async () => {
  const { pooling: _, ...plain } = base;
  const result = await run(fineTuning, 'above', { ...plain, epochs: 1, head: 'fc2', frozen: 'conv2' }, needs);
  expect(Object.keys(result.metrics)[0]).toBe('fine-tuned-fc2-above-conv2/test/conv3/top1');
  const [old, now] = [needs.encoder.blob('checkpoint'), result.blobs!.checkpoint!];
  const [before, after] = [await weightsOf(old), await weightsOf(now)];
  for (const [name, { data }] of before)
    if (/block[12]/.test(name)) expect([name, after.get(name)!.data]).toEqual([name, data]);
    else if (/kernel|moving/.test(name)) expect([name, after.get(name)!.data]).not.toEqual([name, data]);
});

test('stopped inside an epoch and gone on with, it has the bits of one that was not; any number of threads', async () => {
  const settings = { ...base, train: { subset: { first: 80 } }, learningRates: { conv1: 0.1, head: 2 } };
  const whole = await run(fineTuning, 'uninterrupted', settings, needs);
  const controller = new AbortController();
  let steps = 0;
  const phase = { advance: () => void (++steps === 6 && controller.abort()), done: () => undefined };
  const stopping = { signal: controller.signal, progress: { ...silent, phase: () => phase } };
  await expect(run(fineTuning, 'stopped', settings, needs, stopping)).rejects.toThrow('Stopped in epoch 2 of 3');
  const resumed = await run(fineTuning, 'stopped', settings, needs);
  expect(steps).toBe(6);
  expect(resumed.metrics).toEqual(whole.metrics);
  const digest = (name: string, file: string) => sha256File(join(workFolderOf(name), file));
  for (const file of ['checkpoint.safetensors', 'curve.json', 'confusion.json'])
    expect(await digest('stopped', file)).toBe(await digest('uninterrupted', file));
  const threaded = await run(fineTuning, 'threaded', { ...settings, workers: 1 }, needs);
  expect(threaded.metrics).toEqual(whole.metrics);
  expect(await digest('threaded', 'checkpoint.safetensors')).toBe(await digest('stopped', 'checkpoint.safetensors'));
});

test('a dry run takes one step', async () => {
  const { blobs } = await run(fineTuning, 'dry', base, needs, { dryRun: true });
  const curve = JSON.parse(readFileSync(join(workFolderOf('dry'), 'curve.json'), 'utf8')) as { train: object[] };
  expect(curve.train).toHaveLength(1);
  expect((await weightsOf(blobs!.checkpoint!)).has('head/linear/kernel')).toBe(true);
});

test('what cannot work is refused by name', async () => {
  const refused = (changes: object, other = needs) =>
    expect(run(fineTuning, 'x', { ...base, ...changes }, other)).rejects;
  const remedy = 'Use one of: conv1, conv2, conv3.';
  await refused({ layer: 'conv9' }).toMatchObject({ field: 'layer', remedy });
  await refused({ frozen: 'fc6' }).toMatchObject({ field: 'frozen', remedy });
  await refused({ layer: 'conv1', frozen: 'conv2' }).toMatchObject({ field: 'frozen' });
  await refused({ frozen: 'conv1', learningRates: { conv1: 1 } }).toMatchObject({
    message: "'learningRates' names conv1, which is not trained",
    remedy: 'Use one of: head, conv2, conv3.',
  });
  await refused({}, { ...needs, dataset: await shapes(20) }).toThrow(/takes images of 16 × 16 × 3.*20 × 20 × 3/);
  await refused({ train: { subset: { first: 4 } } }).toThrow(/No training image shows class/);
  await refused({ batchSize: 300 }).toThrow(/200 training images do not fill one batch of 300/);
  await refused({}, { dataset: needs.dataset } as typeof needs).toThrow("needs 'encoder'");
  await refused({ schedule: { name: 'constant', learningRate: 1e30 } }).toMatchObject({
    field: 'schedule.learningRate',
  });
  const { tensors, metadata } = await readCheckpoint(needs.encoder.blob('checkpoint'));
  const path = workFolderOf('another.safetensors');
  const network = { name: 'nin', config: { blocks: 3, width: 14 } };
  await writeCheckpoint(path, { tensors, metadata: { ...metadata, network } });
  const another = asInput('another', { blobs: { checkpoint: path }, metrics: {} });
  await refused({}, { ...needs, encoder: another }).toThrow(/belongs to another architecture/);
  const parse = (changes: object) => () => fineTuning.schema.parse({ ...base, ...changes });
  expect(parse({ perClass: [3] })).toThrow(/perClass/);
  expect(parse({ learningRates: { head: 0 } })).toThrow();
  expect(parse({ head: 'fc4' })).toThrow();
});
