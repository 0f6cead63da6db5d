import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openDataset } from '@selfsup/data/dataset';
import { sealProposals, writeProposals } from '@selfsup/data/proposals';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { figureData } from '@selfsup/report/testing/figure-data';
import { windowsOver } from '../../detection/windows.ts';
import { silent } from '../../testing/in-memory.ts';
import { asInput, randomEncoder, resultOf, run, scenes, shapes, workFolderOf } from '../../testing/stages.ts';
import { resolve } from './config.ts';
import voc from './voc-detection.ts';

const small = [{ side: 32, most: 64 }];
const base = {
  ...{ protocol: 'fast-rcnn', units: 24, regions: 16, samplesPerEpoch: 8, epochs: 2, scales: small, testScales: small },
  ...{ schedule: { name: 'constant', learningRate: 0.02 }, test: { subset: { first: 6 } } },
};
let needs: { encoder: StageInput; dataset: StageInput };
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await scenes('detection') };
});

test('the protocols are those that were published', () => {
  const of = (protocol: string) => resolve(voc.schema.parse({ protocol }));
  const { label, settings } = of('fast-rcnn');
  expect(label).toBe('fast-rcnn');
  expect(settings).toMatchObject({ batchSize: 2, regions: 64, scales: [{ side: 600, most: 1000 }], units: 4096 });
  const steps = (protocol: string) => {
    const { epochs, samplesPerEpoch, batchSize, schedule } = of(protocol).settings;
    const table =
      schedule.name === 'steps' ? schedule.table.map(({ until, learningRate }) => [until, learningRate]) : [];
    return [(epochs * samplesPerEpoch) / batchSize, ...table];
  };
  expect(steps('fast-rcnn')).toEqual([40_000, [30, 1e-3], [40, 1e-4]]);
  expect(steps('jigsaw')).toEqual([150_000, [50, 1e-3], [100, 1e-4], [150, 1e-5]]);
  expect(steps('rotnet')).toEqual([200_000, [80, 1e-3], [160, 1e-4], [200, 1e-5]]);
  expect(of('rotnet').settings.scales.map(({ side }) => side)).toEqual([480, 576, 688, 864, 1200]);
  expect(of('rotnet').settings.testScales).toEqual([{ side: 600, most: 1000 }]);
});

test('learns to find figures, leaves no tensors, says what it found', async () => {
  const before = tf.memory().numTensors;
  const learning = { units: 0, batchNorm: 'trained', regions: 32, samplesPerEpoch: 120, epochs: 3 };
  const settings = { ...base, ...learning, test: { subset: { first: 8 } } };
  const { metrics, files, blobs } = await run(voc, 'learns', settings, needs);
  expect(tf.memory().numTensors).toBe(before);
  const values = metricValues(metrics);
  const title = 'detection/fast-rcnn*/conv3';
  expect(Object.keys(values)).toEqual([`${title}/map-11`, `${title}/map-envelope`, `${title}/objects`]);
  expect(values[`${title}/map-11`]).toBeGreaterThan(0.25);
  const classes = JSON.parse(readFileSync(files!['classes.json']!, 'utf8')) as { objects: number }[];
  expect(classes.reduce((sum, { objects }) => sum + objects, 0)).toBe(values[`${title}/objects`]);
  const found = JSON.parse(readFileSync(blobs!['detections']!, 'utf8')) as { image: string; objects: object[] }[];
  expect(found).toHaveLength(8);
  expect(found[0]!.image).toBe('test/0');
  const { pictures } = figureData(resultOf('learns'), 'detections');
  expect(pictures).toHaveLength(8);
  const verdicts = pictures.flatMap(({ boxes }) => boxes.map(({ verdict }) => verdict));
  const counted = verdicts.filter((verdict) => verdict === 'true' || verdict === 'missed').length;
  expect(counted).toBe(values[`${title}/objects`]); // each object that counts is found or missed
  const curves = figureData(resultOf('learns'), 'precision-recall').classes;
  expect(curves.reduce((sum, { positives }) => sum + positives, 0)).toBe(counted);
  const encoder = await loadEncoder(join(workFolderOf('learns'), 'checkpoint.safetensors'));
  expect(encoder.description).toMatchObject({ task: 'voc-detection', step: 180 });
  encoder.model.dispose();
});

test.each([1, 5])('stopped after step %i, it goes on to the same bits', async (at) => {
  const digests = async (name: string) => [
    await sha256File(join(workFolderOf(name), 'checkpoint.safetensors')),
    await sha256File(join(workFolderOf(name), 'detections.json')),
  ];
  const settings = { ...base, scales: [...small, { side: 24, most: 64 }] };
  const whole = await run(voc, `whole-${at}`, settings, needs);
  const controller = new AbortController();
  let steps = 0;
  const phase = { advance: () => void (++steps === at && controller.abort()), done: () => undefined };
  const stopping = { signal: controller.signal, progress: { ...silent, phase: () => phase } };
  await expect(run(voc, `stopped-${at}`, settings, needs, stopping)).rejects.toThrow(`saved at step ${at} of 8`);
  const resumed = await run(voc, `stopped-${at}`, settings, needs);
  expect(resumed.metrics).toEqual(whole.metrics);
  expect(await digests(`stopped-${at}`)).toEqual(await digests(`whole-${at}`));
});

test('regions of a stage of proposals give what the same windows give', async () => {
  const folder = workFolderOf('proposals');
  const dataset = openDataset(needs.dataset.blob('lmdb'));
  for (const split of ['train', 'test']) {
    const writer = await writeProposals(folder, split);
    for (let i = 0; i < dataset.count(split); i++) {
      const { height, width } = dataset.picture(split, i);
      writer.append(windowsOver(height, width));
    }
    writer.close();
  }
  const splits = { train: dataset.count('train'), test: dataset.count('test') };
  await sealProposals(folder, { dataset: dataset.manifest.digest, splits });
  await dataset.close();
  const proposals = asInput('proposals', { blobs: { proposals: folder }, metrics: [] });
  const given = await run(voc, 'given', base, { ...needs, proposals });
  const own = await run(voc, 'own', base, needs);
  expect(given.metrics).toEqual(own.metrics);
});

test('a dry run takes two steps; frozen layers keep every bit', async () => {
  await run(voc, 'dry', { ...base, frozen: 'conv1', batchNorm: 'frozen' }, needs, { extent: dryRun });
  const [before, after] = await Promise.all([
    loadEncoder(needs.encoder.blob('checkpoint')),
    loadEncoder(join(workFolderOf('dry'), 'checkpoint.safetensors')),
  ]);
  for (const [name, { data }] of before.tensors) {
    if (!name.startsWith('encoder/')) continue;
    const moves = name.endsWith('kernel') && !name.includes('block1');
    expect([name, String(data) !== String(after.tensors.get(name)!.data)]).toEqual([name, moves]);
  }
  before.model.dispose();
  after.model.dispose();
});

test('what cannot work is refused by name', async () => {
  const refused = (changes: object, other = needs) => expect(run(voc, 'x', { ...base, ...changes }, other)).rejects;
  await refused({}, { ...needs, dataset: await shapes(16) }).toThrow(/No image of train has a box/);
  await refused({ layer: 'conv9' }).toMatchObject({ field: 'layer' });
  await refused({ frozen: 'fc6' }).toMatchObject({ field: 'frozen' });
  await refused({ fullyConnected: 'checkpoint' }).toThrow(/has no fc6/);
  const parse = (changes: object) => () => voc.schema.parse({ ...base, ...changes });
  expect(parse({ fullyConnected: 'checkpoint', units: 0 })).toThrow(/no fc6 and fc7/);
  expect(parse({ scales: [] })).toThrow(/scales/);
  expect(parse({ nms: 0.3 })).toThrow(/nms/);
});
