import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '@selfsup/data/loader';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { randomKey } from '@selfsup/kit/random';
import { dryRun, wholeWork, type StageInput, type StageResult } from '@selfsup/kit/stage';
import { readCheckpoint, writeCheckpoint } from '@selfsup/models/checkpoint';
import { loadEncoder, saveEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { decodeReference, decodeReferences, type ReferenceArray } from '@selfsup/models/testing/reference';
import { assignVariables, modelWeights } from '@selfsup/models/weights';
import { figureData } from '@selfsup/report/testing/figure-data';
import { ParameterGroups } from '@selfsup/trainer/parameter-groups';
import { takeStep } from '@selfsup/trainer/step';
import { eventTags } from '@selfsup/trainer/testing/event-records';
import { recordingProgress } from '@selfsup/trainer/testing/recording-progress';
import type { Trainee } from '@selfsup/trainer/trainee';
import { buildHead } from '../../heads/heads.ts';
import { silent } from '../../testing/in-memory.ts';
import { asInput, contextOf, randomEncoder, resultOf, run, shapes, workFolderOf } from '../../testing/stages.ts';
import { tunedNetwork } from '../../tuning/tuned-network.ts';
import { openTuningInput } from '../../tuning/tuning-input.ts';
import { tune, tuningStep } from '../../tuning/tuning.ts';
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
  const sgd = optimizerSchema.parse({ name: 'sgd', weightDecay });
  const groups = new ParameterGroups(sgd, network.parameterGroups);
  const trainee: Pick<Trainee<Batch>, 'step'> = { step: (batch) => tuningStep(network, batch, randomKey(1)) };
  const images = decodeReference(reference.images).data as Uint8Array;
  const labels = Int32Array.from(reference.labels);
  const batch = { images, labels } as unknown as Batch;
  for (const [step, expected] of reference.losses.entries()) {
    const { values } = takeStep(trainee, groups, batch, { epoch: 0, step, key: [0, 0] }, reference.learningRate);
    expect(values['loss']).toBeCloseTo(expected, 4);
  }
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
  groups.dispose();
  network.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('the whole network learns; its checkpoint is an encoder, and nothing is left on the device', async () => {
  const before = tf.memory().numTensors;
  const part = { train: { subset: { first: 40 } }, schedule: { name: 'constant', learningRate: 0.02 } };
  const settings = { ...base, ...part, pooling: { adaptiveAverage: 4 }, epochs: 6, augment: {} };
  const result = await run(fineTuning, 'whole', settings, needs);
  expect(tf.memory().numTensors).toBe(before);
  expect(Object.keys(metricValues(result.metrics))).toEqual([
    'fine-tuned-linear/test/conv3/top1',
    'fine-tuned-linear/test/conv3/top1-best',
  ]);
  const curve = figureData(resultOf('whole'), 'curve');
  expect(curve.train.at(-1)!['loss']).toBeLessThan(curve.train[0]!['loss']! - 0.5);
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
  expect(Object.keys(metricValues(result.metrics))[0]).toBe('fine-tuned-fc2-above-conv2/test/conv3/top1');
  const [old, now] = [needs.encoder.blob('checkpoint'), result.blobs!.checkpoint!];
  const [before, after] = [await weightsOf(old), await weightsOf(now)];
  for (const [name, { data }] of before)
    if (/block[12]/.test(name)) expect([name, after.get(name)!.data]).toEqual([name, data]);
    else if (/kernel|moving/.test(name)) expect([name, after.get(name)!.data]).not.toEqual([name, data]);
});

describe('interrupted', () => {
  const settings = { ...base, train: { subset: { first: 80 } }, learningRates: { conv1: 0.1, head: 2 } };
  const digests = async (name: string) => ({
    checkpoint: await sha256File(join(workFolderOf(name), 'checkpoint.safetensors')),
    figures: resultOf(name).figures,
  });
  let whole: StageResult;
  beforeAll(async () => {
    whole = await run(fineTuning, 'uninterrupted', settings, needs); // 4 steps an epoch
  });

  async function stopped(name: string, at: number, message: string): Promise<void> {
    const controller = new AbortController();
    let steps = 0;
    const phase = { advance: () => void (++steps === at && controller.abort()), done: () => undefined };
    const stopping = { signal: controller.signal, progress: { ...silent, phase: () => phase } };
    await expect(run(fineTuning, name, settings, needs, stopping)).rejects.toThrow(message);
    expect(steps).toBe(at);
  }

  /** Goes on; gives the notes and warnings on the way. */
  async function resumed(name: string): Promise<string[]> {
    const progress = recordingProgress();
    expect((await run(fineTuning, name, settings, needs, { progress })).metrics).toEqual(whole.metrics);
    expect(await digests(name)).toEqual(await digests('uninterrupted'));
    return progress.lines;
  }

  test.each([1, 4, 6, 12])('after step %i, it goes on to the bits of one that was not', async (at) => {
    await stopped(`stopped-${at}`, at, `fine-tuned-linear on conv3 saved at step ${at} of 12: asked to stop`);
    expect(await resumed(`stopped-${at}`)).toEqual([`Going on from step ${at} of 12`]);
  });

  test('twice, the newest checkpoint torn: it goes on from the one before', async () => {
    await stopped('torn', 3, 'step 3 of 12');
    await stopped('torn', 4, 'step 7 of 12');
    truncateSync(join(workFolderOf('torn'), 'live', 'step-000000007.safetensors'), 3000);
    const lines = await resumed('torn');
    expect(lines[0]).toMatch(/damaged.*going back to the one before/);
    expect(lines[1]).toBe('Going on from step 3 of 12');
  });

  test('while testing, it tests again when going on', async () => {
    const controller = new AbortController();
    const input = await openTuningInput(contextOf(fineTuning, 'testing', settings, needs));
    const dataset = {
      ...input.dataset,
      readInto: (split: string, ...rest: [number, Uint8Array, number]) => {
        if (split === 'test') controller.abort();
        input.dataset.readInto(split, ...rest);
      },
    };
    const job = {
      ...{ ...input, dataset, progress: silent, name: 'tuned', identity: 'a', extent: wholeWork, key: randomKey(3) },
      ...{ config: fineTuning.schema.parse(settings), workFolder: workFolderOf('testing'), signal: controller.signal },
    };
    await expect(tune(job)).rejects.toThrow('tuned saved at step 4 of 12');
    const ended = await tune({ ...job, ...input, signal: new AbortController().signal });
    const other = { ...job, ...input, signal: new AbortController().signal, workFolder: workFolderOf('untested') };
    expect(ended).toEqual(await tune(other));
    await input.close();
  });

  test('any number of threads', async () => {
    const threaded = await run(fineTuning, 'threaded', { ...settings, workers: 1 }, needs);
    expect(threaded.metrics).toEqual(whole.metrics);
    expect(await digests('threaded')).toEqual(await digests('uninterrupted'));
  });

  test('metrics are written for TensorBoard, and published beside the results', () => {
    expect(whole.records).toEqual({ events: join(workFolderOf('uninterrupted'), 'events') });
    expect(eventTags(whole.records!['events']!)).toMatchObject({ 'train/loss': 1, 'epoch/loss': 3, 'test/top1': 3 });
  });
});

test('a dry run takes one step', async () => {
  const { blobs } = await run(fineTuning, 'dry', base, needs, { extent: dryRun });
  const curve = figureData(resultOf('dry'), 'curve');
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
  const another = asInput('another', { blobs: { checkpoint: path }, metrics: [] });
  await refused({}, { ...needs, encoder: another }).toThrow(/belongs to another architecture/);
  const parse = (changes: object) => () => fineTuning.schema.parse({ ...base, ...changes });
  expect(parse({ perClass: [3] })).toThrow(/perClass/);
  expect(parse({ learningRates: { head: 0 } })).toThrow();
  expect(parse({ head: 'fc4' })).toThrow();
});
