import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openDataset } from '@selfsup/data/dataset';
import { selectSubset } from '@selfsup/data/subset';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { silent } from '../../testing/in-memory.ts';
import { randomEncoder, run, shapes, workFolderOf } from '../../testing/stages.ts';
import { labelledImages } from './run.ts';
import semiSupervised from './semi-supervised.ts';

const base = {
  ...{ protocol: 'test', layer: 'conv2', frozen: 'conv2', head: 'conv', epochs: 2, batchSize: 10 },
  ...{ augment: { padCrop: 2, flip: true }, samplesPerEpoch: 40, perClass: [2, 4], draws: 2, workers: 0 },
};
let needs: { encoder: StageInput; dataset: StageInput };
let classes: readonly string[];
let labels: Int32Array;
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await shapes(16) };
  const dataset = openDataset(needs.dataset.blob('lmdb'));
  ({ classes } = dataset.manifest);
  labels = dataset.labels('train').slice();
  await dataset.close();
});
const pool = () => ({ labels, classes, trainIndices: selectSubset(labels, { first: 150 }, 1) });

test('RotNet’s images are the first K of each class in order; K of each, and drawn by the seed otherwise', () => {
  const [first, more] = labelledImages(pool(), { perClass: [3, 9], draws: 'first' }, 1);
  expect([...first!.indices]).toEqual([...selectSubset(labels, { firstPerClass: 3 }, 1)]);
  expect([...more!.indices]).toEqual([...selectSubset(labels, { firstPerClass: 9 }, 1)]);
  const drawn = labelledImages(pool(), { perClass: [3, 9], draws: 3 }, 1);
  expect(drawn.map(({ k, draw }) => [k, draw])).toEqual([3, 9].flatMap((k) => [0, 1, 2].map((draw) => [k, draw])));
  for (const { k, indices } of drawn) {
    expect(new Set(indices).size).toBe(k * classes.length);
    expect(Math.max(...indices)).toBeLessThan(150);
    classes.forEach((_, label) => expect([...indices].filter((i) => labels[i] === label)).toHaveLength(k));
  }
  expect(new Set(drawn.map(({ indices }) => indices.join())).size).toBe(6);
  expect([...drawn[3]!.indices]).toEqual(expect.arrayContaining([...drawn[0]!.indices]));
  expect(labelledImages(pool(), { perClass: [3, 9], draws: 3 }, 2)).not.toEqual(drawn);
});

test('every draw learns, their mean is given; stopped in its third draw, it ends with the same bits', async () => {
  const settings = { ...base, epochs: 2, testEvery: 2 };
  const whole = await run(semiSupervised, 'whole', settings, needs);
  const title = 'semi-supervised-conv-frozen/test';
  expect(Object.keys(metricValues(whole.metrics))).toEqual(
    [2, 4].flatMap((k) => [`${title}-k${k}/conv2/top1`, `${title}-k${k}/conv2/top1-deviation`]),
  );
  const accuracy = (k: number) => metricValues(whole.metrics)[`${title}-k${k}/conv2/top1`]!;
  const controller = new AbortController();
  let steps = 0;
  const phase = { advance: () => void (++steps === 21 && controller.abort()), done: () => undefined };
  const stopping = { signal: controller.signal, progress: { ...silent, phase: () => phase } };
  await expect(run(semiSupervised, 'stopped', settings, needs, stopping)).rejects.toThrow(
    /4 per class, draw 1 saved at step \d of 8/,
  );
  const resumed = await run(semiSupervised, 'stopped', settings, needs);
  expect(resumed.metrics).toEqual(whole.metrics);
  const digest = (name: string) => sha256File(join(workFolderOf(name), 'draws.json'));
  expect(await digest('stopped')).toBe(await digest('whole'));
  const draws = JSON.parse(readFileSync(join(workFolderOf('whole'), 'draws.json'), 'utf8')) as {
    k: number;
    top1: number;
    curve: { train: { loss: number }[] };
  }[];
  for (const { curve } of draws) expect(curve.train.at(-1)!.loss).toBeLessThan(curve.train[0]!.loss);
  const of4 = draws.filter(({ k }) => k === 4).map(({ top1 }) => top1);
  expect(of4).toHaveLength(2);
  expect(accuracy(4)).toBeCloseTo((of4[0]! + of4[1]!) / 2, 10);
});

test('the encoder can be trained too; a single draw has no deviation; a dry run is one step', async () => {
  const settings = { ...base, frozen: undefined, perClass: [4], draws: 'first', epochs: 1 };
  const { metrics } = await run(semiSupervised, 'tuned', settings, needs);
  expect(Object.keys(metricValues(metrics))).toEqual(['semi-supervised-conv/test-k4/conv2/top1']);
  const dry = await run(semiSupervised, 'dry', base, needs, { extent: dryRun });
  expect(Object.keys(metricValues(dry.metrics))).toEqual(['semi-supervised-conv-frozen/test-k2/conv2/top1']);
});

test('what cannot work is refused by name', async () => {
  const refused = (changes: object) => expect(run(semiSupervised, 'x', { ...base, ...changes }, needs)).rejects;
  await refused({ perClass: [2, 100] }).toMatchObject({
    field: 'perClass',
    message: /100 images per class, but class/,
  });
  await refused({ layer: 'conv7' }).toMatchObject({ field: 'layer' });
  await refused({ samplesPerEpoch: undefined, batchSize: 200 }).toMatchObject({ field: 'batchSize' });
  await refused({ train: { subset: { first: 4 } } }).toThrow(/No training image shows class/);
  expect(() => semiSupervised.schema.parse({ ...base, draws: 0 })).toThrow();
  expect(() => semiSupervised.schema.parse({ ...base, shots: [1] })).toThrow(/shots/);
});
