import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { figureData } from '@selfsup/report/testing/figure-data';
import { silent } from '../../testing/in-memory.ts';
import { difficultBoxes, randomEncoder, resultOf, run, scenes, shapes, workFolderOf } from '../../testing/stages.ts';
import { resolve } from './config.ts';
import faster from './voc-faster-rcnn.ts';

const scale = { side: 32, most: 64 };
const base = {
  ...{
    protocol: 'faster-rcnn',
    units: 24,
    regions: 16,
    samplesPerEpoch: 8,
    epochs: 2,
    scales: [scale],
    testScale: scale,
  },
  ...{ schedule: { name: 'constant', learningRate: 0.02 }, test: { subset: { first: 6 } } },
  ...{ filters: 16, sides: [12, 20], leastSide: 4 },
  ...{ trainProposals: { before: 300, after: 60 }, testProposals: { before: 300, after: 30 } },
};
let needs: { encoder: StageInput; dataset: StageInput };
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await scenes('detection') };
});

test('the protocol is the published one', () => {
  const { label, settings } = resolve(faster.schema.parse({ protocol: 'faster-rcnn' }));
  expect(label).toBe('faster-rcnn');
  expect(settings).toMatchObject({
    ...{ batchSize: 2, regions: 128, units: 4096, filters: 256, anchors: 256, leastSide: 16, difficult: false },
    ...{ sides: [128, 256, 512], ratios: [0.5, 1, 2], scales: [{ side: 600, most: 1000 }] },
    ...{ trainProposals: { before: 12_000, after: 2000 }, testProposals: { before: 6000, after: 300 } },
  });
  expect((settings.epochs * settings.samplesPerEpoch) / settings.batchSize).toBe(70_000);
});

const protocol = 'faster-rcnn*/conv3';

test('learns to propose regions and to find figures in them, leaves no tensors', async () => {
  const before = tf.memory().numTensors;
  const learning = { units: 0, batchNorm: 'trained', regions: 32, test: { subset: { first: 16 } } };
  const values = async (name: string, changes: object) =>
    metricValues((await run(faster, name, { ...base, ...learning, ...changes }, needs)).metrics);
  const rate = (learningRate: number) => ({ schedule: { name: 'constant', learningRate } });
  const first = await values('began', { epochs: 1, ...rate(1e-6) });
  const last = await values('learnt', { epochs: 3, samplesPerEpoch: 120, ...rate(0.02) });
  expect(tf.memory().numTensors).toBe(before);
  expect(Object.keys(last)).toEqual([
    ...['map-11', 'map-envelope', 'objects'].map((measure) => `detection/${protocol}/${measure}`),
    ...['recall50', 'recall70', 'overlap', 'boxes'].map((measure) => `proposals/${protocol}/${measure}`),
  ]);
  const of = (found: Record<string, number>, measure: string) =>
    found[`${measure === 'map-11' ? 'detection' : 'proposals'}/${protocol}/${measure}`]!;
  expect(of(last, 'recall50')).toBeGreaterThan(of(first, 'recall50') + 5);
  expect(of(last, 'recall70')).toBeGreaterThan(of(first, 'recall70') + 25);
  expect(of(last, 'overlap')).toBeGreaterThan(of(first, 'overlap') + 0.08);
  expect(of(first, 'map-11')).toBeLessThan(0.1);
  expect(of(last, 'map-11')).toBeGreaterThan(0.4);
  const { pictures } = figureData(resultOf('learnt'), 'detections');
  expect(pictures).toHaveLength(12);
  const { train } = figureData(resultOf('learnt'), 'curve');
  expect(Object.keys(train[0]!)).toEqual(['epoch', 'step', 'loss', 'objectness', 'anchors', 'classification', 'boxes']);
  const sums = train.map(
    ({ objectness, anchors, classification, boxes }) => objectness! + anchors! + classification! + boxes!,
  );
  train.forEach(({ loss }, epoch) => expect(loss).toBeCloseTo(sums[epoch]!, 5));
  const tuned = await loadEncoder(join(workFolderOf('learnt'), 'checkpoint.safetensors'));
  expect(tuned.description).toMatchObject({ task: 'voc-faster-rcnn', step: 180 });
  expect([...tuned.tensors.keys()]).toContain('proposals/rpn_scores/kernel');
  tuned.model.dispose();
});

test.each([1, 5])('stopped after step %i, it goes on to the same bits', async (at) => {
  const digests = async (name: string) => [
    await sha256File(join(workFolderOf(name), 'checkpoint.safetensors')),
    await sha256File(join(workFolderOf(name), 'detections.json')),
  ];
  const settings = { ...base, scales: [scale, { side: 24, most: 64 }] };
  const whole = await run(faster, `whole-${at}`, settings, needs);
  const controller = new AbortController();
  let steps = 0;
  const phase = { advance: () => void (++steps === at && controller.abort()), done: () => undefined };
  const stopping = { signal: controller.signal, progress: { ...silent, phase: () => phase } };
  await expect(run(faster, `stopped-${at}`, settings, needs, stopping)).rejects.toThrow(`saved at step ${at} of 8`);
  const resumed = await run(faster, `stopped-${at}`, settings, needs);
  expect(resumed.metrics).toEqual(whole.metrics);
  expect(await digests(`stopped-${at}`)).toEqual(await digests(`whole-${at}`));
});

test('a dry run takes two steps; frozen layers keep every bit', async () => {
  await run(faster, 'dry', { ...base, frozen: 'conv2', batchNorm: 'frozen', units: 0 }, needs, { extent: dryRun });
  const [before, after] = await Promise.all([
    loadEncoder(needs.encoder.blob('checkpoint')),
    loadEncoder(join(workFolderOf('dry'), 'checkpoint.safetensors')),
  ]);
  for (const [name, { data }] of before.tensors) {
    if (!name.startsWith('encoder/')) continue;
    const moves = name.endsWith('kernel') && name.includes('block3');
    expect([name, String(data) !== String(after.tensors.get(name)!.data)]).toEqual([name, moves]);
  }
  before.model.dispose();
  after.model.dispose();
});

test('what cannot work is refused by name', async () => {
  const refused = (changes: object, other = needs) => expect(run(faster, 'x', { ...base, ...changes }, other)).rejects;
  await refused({}, { ...needs, dataset: await shapes(16) }).toThrow(/No image of train has a box/);
  await refused({}, { ...needs, dataset: await difficultBoxes() }).toMatchObject({ field: 'difficult' });
  const large = await randomEncoder({ name: 'alexnet', widthMultiplier: 0.05 }, 224);
  await refused({}, { ...needs, encoder: large }).toThrow(/no map for frames of 64 × 64: .* at least 224 × 224/);
  await refused({ layer: 'conv9' }).toMatchObject({ field: 'layer' });
  await refused({ sides: [70, 100] }).toThrow(/No anchor lies inside any training image/);
  const parse = (changes: object) => () => faster.schema.parse({ ...base, ...changes });
  expect(parse({ sides: [] })).toThrow(/sides/);
  expect(parse({ sides: [16, 16] })).toThrow(/sides/);
  expect(parse({ ratios: [0] })).toThrow(/ratios/);
  expect(parse({ fullyConnected: 'checkpoint', units: 0 })).toThrow(/no fc6 and fc7/);
  expect(parse({ proposals: { before: 3 } })).toThrow(/proposals/);
});
