import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun } from '@selfsup/kit/stage';
import { averagePrecision } from '../../measures/average-precision.ts';
import { presenceOfLabels } from '../../measures/presence.ts';
import { publishedFeatures } from '../../testing/published-features.ts';
import { run } from '../../testing/stages.ts';
import knn from '../knn/knn.ts';
import { costGrids } from './config.ts';
import { stratifiedFolds } from './folds.ts';
import { solveSvms } from './solve.ts';
import svm from './svm.ts';

/** What scikit-learn gave; see bench/oracles/svm_reference.py. */
interface Reference {
  readonly train: { readonly features: number[]; readonly labels: number[] };
  readonly test: { readonly features: number[]; readonly labels: number[] };
  readonly width: number;
  readonly classes: number;
  readonly cases: {
    readonly cost: number;
    readonly weights: number[][];
    readonly precision: number[];
    readonly top1: number;
    readonly averagePrecision: number[];
  }[];
  readonly foldsOfClass1: number[];
}
const reference = JSON.parse(readFileSync(new URL('svm.reference.json', import.meta.url), 'utf8')) as Reference;

const { width } = reference;
const names = Array.from({ length: reference.classes }, (_, i) => `class ${i}`);
const part = ({ features, labels }: Reference['train']) => ({
  features: Float32Array.from(features),
  labels: Int32Array.from(labels),
});
const parts = { train: part(reference.train), test: part(reference.test) };
const features = publishedFeatures('conv2', [1, 1, width], names, parts);

/** Rows of length 1 with a one behind. */
function unitRows(values: readonly number[]): number[][] {
  return Array.from({ length: values.length / width }, (_, i) => {
    const row = values.slice(i * width, (i + 1) * width);
    const length = Math.hypot(...row) + 1e-5;
    return [...row.map((value) => value / length), 1];
  });
}

/** scikit-learn's scores of the test images for its machines, `[image][class]`. */
const scoresOf = (weights: number[][]) =>
  unitRows(reference.test.features).map((row) =>
    weights.map((w) => w.reduce((sum, value, i) => sum + value * row[i]!, 0)),
  );

test('all costs and classes solved at once have the weights that LinearSVC finds one by one', async () => {
  const machines = reference.cases.flatMap(({ cost, weights }) => weights.map((w, label) => ({ cost, label, w })));
  const labels = reference.train.labels;
  const columns = <T>(f: (machine: (typeof machines)[number], label: number) => T) =>
    labels.map((label) => machines.map((machine) => f(machine, label)));
  const before = tf.memory().numTensors;
  const given = {
    x: tf.tensor2d(unitRows(reference.train.features)),
    signs: tf.tensor2d(columns((machine, label) => (label === machine.label ? 1 : -1))),
    weights: tf.tensor2d(columns(({ cost, label: own }, label) => (label === own ? 2 * cost : cost))),
  };
  const solved = await solveSvms(given);
  const found = solved.arraySync();
  machines.forEach(({ w }, column) =>
    w.forEach((value, i) =>
      expect(Math.abs(found[i]![column]! - value)).toBeLessThan(1e-3 * Math.max(1, Math.abs(value))),
    ),
  );
  tf.dispose([solved, ...Object.values(given)]);
  expect(tf.memory().numTensors).toBe(before);
});

test('average precision and folds are scikit-learn’s', () => {
  for (const { weights, averagePrecision: expected } of reference.cases)
    expected.forEach((value, label) => {
      const scores = scoresOf(weights).map((row) => row[label]!);
      const truths = reference.test.labels.map((other) => other === label);
      expect(averagePrecision(truths, scores)).toBeCloseTo(value, 4); // weights were rounded
    });
  const isPositive = reference.train.labels.map((label) => label === 1);
  expect([...stratifiedFolds(isPositive, 3)]).toEqual(reference.foldsOfClass1);
});

test('every cost of a grid is within 0.2 points of LinearSVC', async () => {
  const costs = reference.cases.map(({ cost }) => cost);
  const { metrics } = await run(svm, 'each', { layers: ['conv2'], costs, folds: 0 }, { features });
  expect(Object.keys(metricValues(metrics))).toHaveLength(2 * costs.length);
  for (const { cost, top1 } of reference.cases)
    expect(Math.abs(metricValues(metrics)[`svm/cost${cost}/conv2/top1`]! - top1)).toBeLessThanOrEqual(0.2);
});

test('cross-validation picks the costs that scikit-learn picks, and the outcome is theirs', async () => {
  const costs = reference.cases.map(({ cost }) => cost);
  const { metrics } = await run(svm, 'cv', { layers: ['conv2'], costs }, { features });
  const best = names.map((_, label) =>
    reference.cases.reduce((a, b) => (b.precision[label]! > a.precision[label]! ? b : a)),
  );
  expect(new Set(best).size).toBeGreaterThan(1);
  const scores = scoresOf(best.map(({ weights }, label) => weights[label]!));
  const right = scores.filter((row, i) => row.indexOf(Math.max(...row)) === reference.test.labels[i]).length;
  const top1 = (100 * right) / scores.length;
  expect(Math.abs(metricValues(metrics)['svm/costs0.01-0.5-20-cv3/conv2/top1']! - top1)).toBeLessThanOrEqual(0.2);
  expect(metricValues(metrics)['svm/costs0.01-0.5-20-cv3/conv2/map']).toBeGreaterThan(0.7);
});

describe('several labels an image', () => {
  const none = { train: new Int32Array(parts.train.labels.length), test: new Int32Array(parts.test.labels.length) };
  const several = (train: Int32Array, test: Int32Array) =>
    publishedFeatures('conv2', [1, 1, width], names, {
      train: { features: parts.train.features, labels: none.train.fill(-1), presence: train },
      test: { features: parts.test.features, labels: none.test.fill(-1), presence: test },
    });
  const [trained, tested] = [parts.train.labels, parts.test.labels].map((labels) =>
    presenceOfLabels(labels, names.length),
  );
  const config = { layers: ['conv2'], costs: [0.5], folds: 0 };

  test('of which each shows one give the precision of one label, and no top-1', async () => {
    const { metrics } = await run(svm, 'one', config, { features });
    const { metrics: found } = await run(svm, 'several', config, { features: several(trained!, tested!) });
    expect(metricValues(found)).toEqual({
      'svm/cost0.5/conv2/map': metricValues(metrics)['svm/cost0.5/conv2/map'],
      'svm/cost0.5/conv2/positives': parts.test.labels.length,
    });
  });

  test('of which some are only difficult: negatives to learn from, and left out of the test', async () => {
    const [train, test] = [trained!.slice(), tested!.slice()];
    const difficult = parts.train.labels.indexOf(1);
    train[difficult * names.length + 1] = 0;
    const asNegative = train.map((flag) => (flag === 0 ? -1 : flag));
    const before = metricValues((await run(svm, 'absent', config, { features: several(asNegative, test) })).metrics);
    const after = metricValues((await run(svm, 'difficult', config, { features: several(train, test) })).metrics);
    expect(after).toEqual(before);
    const worst = parts.test.labels.indexOf(2);
    test[worst * names.length + 2] = 0;
    const left = metricValues((await run(svm, 'left', config, { features: several(train, test) })).metrics);
    expect(left['svm/cost0.5/conv2/positives']).toBe(parts.test.labels.length - 1);
  });

  test('are refused by evaluations of one label', async () => {
    const given = { features: several(trained!, tested!) };
    await expect(run(knn, 'x', { layers: ['conv2'] }, given)).rejects.toThrow(
      /Image 0 of the train images has no label/,
    );
  });
});

test('the published grids are whole, and other settings are marked', async () => {
  expect(costGrids.fair).toHaveLength(26);
  expect([costGrids.fair[0], costGrids.fair.at(-1)]).toEqual([1e-7, 100]);
  const settings = { layers: ['conv2'], normalise: false };
  const { metrics } = await run(svm, 'dry', settings, { features }, { extent: dryRun });
  expect(Object.keys(metricValues(metrics))).toEqual(['svm/vissl-cv3*/conv2/top1', 'svm/vissl-cv3*/conv2/map']);
});

test('what cannot be trained is refused by name', async () => {
  await expect(run(svm, 'x', { layers: ['conv9'] }, { features })).rejects.toMatchObject({ field: 'layers' });
  const rare = { ...parts.train, labels: parts.train.labels.map((label, i) => (i < 2 ? 4 : label)) };
  const five = publishedFeatures('conv2', [1, 1, width], [...names, 'rare'], { ...parts, train: rare });
  await expect(run(svm, 'x', { layers: ['conv2'] }, { features: five })).rejects.toThrow(
    "Class 'rare' has fewer than 3 training images",
  );
  const six = publishedFeatures('conv2', [1, 1, width], [...names, 'unseen'], parts);
  await expect(run(svm, 'x', { layers: ['conv2'] }, { features: six })).rejects.toThrow(/No training image shows/);
  expect(() => svm.schema.parse({ layers: ['conv2'], costs: [0] })).toThrow(/costs/);
  expect(() => svm.schema.parse({ layers: ['conv2'], folds: 1 })).toThrow(/folds/);
});
