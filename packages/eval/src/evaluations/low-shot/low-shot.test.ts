import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, type StageInput } from '@selfsup/kit/stage';
import { overDraws } from '../../measures/class-draws.ts';
import { presenceOfLabels } from '../../measures/presence.ts';
import { silent } from '../../testing/in-memory.ts';
import { publishedFeatures } from '../../testing/published-features.ts';
import { run, workFolderOf } from '../../testing/stages.ts';
import lowShot from './low-shot.ts';
import { lowShotDraws } from './sampling.ts';

interface Case {
  readonly negatives: 'others' | number;
  readonly k: number;
  readonly draw: number;
}
/** What scikit-learn gave; see bench/oracles/low_shot_reference.py. */
interface Reference {
  readonly costs: number[];
  readonly draws: (Case & { readonly byClass: number[][] })[];
  readonly measured: (Case & { readonly cost: number; readonly top1: number; readonly map: number })[];
}
interface Features {
  readonly features: number[];
  readonly labels: number[];
}
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const reference = read('low-shot.reference.json') as Reference;
const source = read('../svm/svm.reference.json') as Record<'train' | 'test', Features> & { width: number };

const names = ['class 0', 'class 1', 'class 2', 'class 3'];
const part = ({ features, labels }: Features) => ({
  features: Float32Array.from(features),
  labels: Int32Array.from(labels),
});
const parts = { train: part(source.train), test: part(source.test) };
const features = publishedFeatures('conv2', [1, 1, source.width], names, parts);
const base = { classifier: 'svm', layers: ['conv2'], shots: [1, 4, 12], draws: 3 };
const probe = { ...base, classifier: 'linear', protocol: 'test', epochs: 6, batchSize: 8, draws: 2, pooling: 'none' };

test.each(['others', 3] as const)('negatives %s: every draw, k and cost is LinearSVC’s', async (negatives) => {
  const before = tf.memory().numTensors;
  const { metrics } = await run(
    lowShot,
    `svm-${negatives}`,
    { ...base, negatives, costs: reference.costs },
    { features },
  );
  expect(tf.memory().numTensors).toBe(before);
  const drawn = JSON.parse(readFileSync(join(workFolderOf(`svm-${negatives}`), 'draws.json'), 'utf8')) as {
    name: string;
    draw: number;
    measures: { top1: number; map: number };
  }[];
  const sampled = negatives === 'others' ? '' : '-n3';
  const expected = reference.measured.filter((one) => one.negatives === negatives);
  expect(drawn).toHaveLength(expected.length);
  for (const { k, draw, cost, top1, map } of expected) {
    const name = `low-shot-svm/cost${cost}${sampled}-k${k}/conv2`;
    const ours = drawn.find((one) => one.name === name && one.draw === draw)!.measures;
    expect(Math.abs(ours.top1 - top1)).toBeLessThanOrEqual(0.2 + 1e-9);
    expect(Math.abs(ours.map - map)).toBeLessThan(2e-3);
    const all = expected.filter((one) => one.k === k && one.cost === cost);
    const theirs = overDraws(all.map((one) => one.top1));
    expect(Math.abs(metricValues(metrics)[`${name}/top1`]! - theirs.mean)).toBeLessThanOrEqual(0.2 + 1e-9);
    expect(Math.abs(metricValues(metrics)[`${name}/top1-deviation`]! - theirs.deviation!)).toBeLessThanOrEqual(0.3);
  }
});

test('k of each class, n·k others, none twice; smaller draws lie in larger ones; another seed draws others', () => {
  const labels = parts.train.labels;
  const presence = presenceOfLabels(labels, 4);
  const options = { shots: [2, 5], draws: 2, negatives: 19 };
  const draws = lowShotDraws(presence, names, { ...options, negatives: 7 }, 1);
  const seen = ({ rows, sees }: (typeof draws)[number], label: number) => [...rows].filter((_, i) => sees[label]!(i));
  for (const one of draws)
    names.forEach((_, label) => {
      const own = seen(one, label);
      expect(own.filter((row) => labels[row] === label)).toHaveLength(one.k);
      expect(own).toHaveLength(8 * one.k);
      expect(new Set(own).size).toBe(own.length);
    });
  const [small, large] = [draws[0]!, draws[2]!];
  expect([small.k, large.k, small.draw, large.draw]).toEqual([2, 5, 0, 0]);
  names.forEach((_, label) => expect(seen(large, label)).toEqual(expect.arrayContaining(seen(small, label))));
  expect(draws[1]!.rows).not.toEqual(small.rows);
  expect(lowShotDraws(presence, names, { ...options, negatives: 7 }, 2)[0]!.rows).not.toEqual(small.rows);
  expect(() => lowShotDraws(presence, names, { ...options, shots: [20] }, 1)).toThrow(/380 negatives of class/);
});

test('several labels an image: k that show a class, those that show it too or only as difficult left out', async () => {
  // Rows 0 to 3 show class 0, rows 2 to 5 class 1, row 6 class 0 only as difficult, rows 7 to 11 nothing.
  const presence = new Int32Array(24).fill(-1);
  for (const row of [0, 1, 2, 3]) presence[2 * row] = 1;
  for (const row of [2, 3, 4, 5]) presence[2 * row + 1] = 1;
  presence[12] = 0;
  const flag = (row: number, label: number) => presence[2 * row + label];
  for (const negatives of ['others', 2] as const)
    for (const { k, rows, sees } of lowShotDraws(presence, ['a', 'b'], { shots: [2], draws: 20, negatives }, 1))
      for (const label of [0, 1]) {
        const own = [...rows].filter((_, i) => sees[label]!(i));
        expect(own.filter((row) => flag(row, label) === 1)).toHaveLength(k);
        expect(own.every((row) => flag(row, label) !== 0)).toBe(true);
        if (negatives === 2) expect(own).toHaveLength(3 * k);
      }
  const several = ({ features: values, labels }: (typeof parts)['train']) => ({
    ...{ features: values, labels: labels.map(() => -1), presence: presenceOfLabels(labels, 4) },
  });
  const shown = publishedFeatures('conv2', [1, 1, source.width], names, {
    train: several(parts.train),
    test: several(parts.test),
  });
  const of = async (name: string, given: StageInput) =>
    metricValues((await run(lowShot, name, base, { features: given })).metrics);
  const [one, many] = [await of('one-label', features), await of('labels', shown)];
  expect(Object.keys(many).some((name) => name.endsWith('/top1'))).toBe(false);
  for (const [name, value] of Object.entries(many)) expect([name, value]).toEqual([name, one[name]]);
  await expect(run(lowShot, 'x', probe, { features: shown })).rejects.toThrow(/has no label/);
});

test.each([base, probe])('$classifier: stopped and resumed, it has the bits of one that was not', async (config) => {
  const { classifier } = config;
  await run(lowShot, `whole-${classifier}`, config, { features });
  const controller = new AbortController();
  let advanced = 0;
  const last = classifier === 'svm' ? 4 : 12; // draws, or draws and batches
  const phase = { advance: () => void (++advanced === last && controller.abort()), done: () => undefined };
  const progress = { ...silent, phase: () => phase };
  const stopped = run(lowShot, `stopped-${classifier}`, config, { features }, { signal: controller.signal, progress });
  await expect(stopped).rejects.toThrow(classifier === 'svm' ? /Stopped/ : /draw 2 saved at step 5 of 6/);
  const { metrics } = await run(lowShot, `stopped-${classifier}`, config, { features });
  const digest = (name: string) => sha256File(join(workFolderOf(`${name}-${classifier}`), 'draws.json'));
  expect(await digest('stopped')).toBe(await digest('whole'));
  const titles = { svm: 'low-shot-svm/cost1', linear: 'low-shot-linear/test' };
  expect(metricValues(metrics)[`${titles[classifier as 'svm']}-k12/conv2/top1`]).toBeGreaterThan(50);
});

test('a dry run is one draw; other settings than the benchmark’s carry a star', async () => {
  const config = { ...base, normalise: false, shots: [3] };
  const { metrics } = await run(lowShot, 'dry', config, { features }, { extent: dryRun });
  expect(Object.keys(metricValues(metrics))).toEqual([
    'low-shot-svm/cost1-k3*/conv2/top1',
    'low-shot-svm/cost1-k3*/conv2/map',
  ]);
});

test('a dry run, which has few images, takes as many of a class as there are, and tries nothing where one has none', async () => {
  const lines: string[] = [];
  const more = { extent: dryRun, progress: { ...silent, note: (line: string) => void lines.push(line) } };
  const dry = async (features: StageInput) =>
    Object.keys(metricValues((await run(lowShot, 'few', { ...base, shots: [200] }, { features }, more)).metrics));
  const smallest = Math.min(...names.map((_, label) => source.train.labels.filter((one) => one === label).length));
  expect((await dry(features))[0]).toBe(`low-shot-svm/cost1-k${smallest}/conv2/top1`);
  const five = publishedFeatures('conv2', [1, 1, source.width], [...names, 'unseen'], parts);
  expect(await dry(five)).toEqual([]);
  expect(lines).toEqual([expect.stringMatching(/conv2: the few images of the dry run/)]);
});

test('what cannot work is refused by name', async () => {
  await expect(run(lowShot, 'x', { ...base, layers: ['conv9'] }, { features })).rejects.toMatchObject({
    field: 'layers',
  });
  await expect(run(lowShot, 'x', { ...base, shots: [200] }, { features })).rejects.toMatchObject({ field: 'shots' });
  const five = publishedFeatures('conv2', [1, 1, source.width], [...names, 'unseen'], parts);
  await expect(run(lowShot, 'x', base, { features: five })).rejects.toThrow(/No training image shows class 'unseen'/);
  const broken = { ...parts, train: { ...parts.train, features: parts.train.features.map(() => NaN) } };
  const nan = publishedFeatures('conv2', [1, 1, source.width], names, broken);
  await expect(run(lowShot, 'x', base, { features: nan })).rejects.toThrow(/NaN or infinity/);
  const parse = (changes: object) => () => lowShot.schema.parse({ ...base, ...changes });
  expect(parse({ epochs: 3 })).toThrow(/epochs/); // the linear probe's alone
  expect(parse({ costs: [0] })).toThrow();
  expect(parse({ negatives: 0 })).toThrow();
  expect(parse({ draws: 0 })).toThrow();
});
