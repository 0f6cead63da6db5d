import { existsSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { dryRun, Interrupted, wholeWork } from '@selfsup/kit/stage';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { eventTags } from '@selfsup/trainer/testing/event-records';
import { recordingProgress } from '@selfsup/trainer/testing/recording-progress';
import linearProbeStage from '../evaluations/linear-probe/linear-probe.ts';
import type { FeatureSplit } from '../features/feature-set.ts';
import { never, normals, silent, splitOf } from '../testing/in-memory.ts';
import { cachedSource } from './cached-source.ts';
import type { HeadSource } from './head-source.ts';
import { trainHead, type HeadJob, type HeadOutcome, type HeadScores } from './head-training.ts';
import { classifierHead, linearProbe } from './heads.ts';

const parse = (settings: object) => linearProbeStage.schema.parse({ protocol: 'test', layer: 'conv2', ...settings });

/** Two Gaussian classes in `size` dimensions, `gap` apart along every axis. */
function twoClasses(name: string, count: number, size: number, gap: number) {
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const values = normals(name, count * size).map(
    (value, i) => value + gap * (labels[Math.floor(i / size)] === 1 ? 0.5 : -0.5),
  );
  return splitOf(values, labels);
}

function job(settings: object, changes: Partial<HeadJob> = {}, key = randomKey(5, 'head')) {
  const features = {
    train: twoClasses('train', 256, 12, 1.6),
    test: twoClasses('test', 200, 12, 1.6),
    shape: [2, 2, 3] as const,
    classes: ['a', 'b'],
  };
  const config = parse(settings);
  const one: HeadJob = {
    model: linearProbe({
      shape: features.shape,
      classes: 2,
      key,
      initialiser: 'torch',
      pooling: { adaptiveAverage: 2 },
      batchNorm: false,
    }),
    source: cachedSource([features], config, key),
    config,
    layers: ['conv2'],
    name: 'linear',
    identity: 'test',
    workFolder: temporaryFolder('head'),
    progress: silent,
    signal: never,
    extent: wholeWork,
    ...changes,
  };
  return { ...one, features };
}

/** L2-regularised logistic regression by Newton's method: where gradient descent on the same objective must end. */
function newton({ train }: { train: FeatureSplit }, decay: number): Float64Array {
  const size = 13;
  const w = new Float64Array(size); // the difference of the two classes' weights; decay on each half is decay/2 on it
  for (let round = 0; round < 30; round++) {
    const gradient = w.map((value) => 0.5 * decay * value);
    const hessian = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => (i === j ? 0.5 * decay : 0)),
    );
    for (let i = 0; i < train.images; i++) {
      const x = [...train.gather([i]), 1];
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, k) => sum + value * (w[k] as number), 0)));
      x.forEach((a, k) => {
        gradient[k]! += ((p - (train.labels[i] as number)) * a) / train.images;
        x.forEach((b, l) => (hessian[k]![l]! += (p * (1 - p) * a * b) / train.images));
      });
    }
    solve(hessian, gradient).forEach((step, k) => (w[k]! -= step));
  }
  return w;
}

function solve(matrix: number[][], right: Float64Array): Float64Array {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const n = rows.length;
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j <= n; j++) rows[k]![j]! -= factor * rows[i]![j]!;
    }
  return Float64Array.from(rows, (row, i) => row[n]! / row[i]!);
}

test('a linear probe ends at the solution of the regularised logistic regression', async () => {
  const one = job({
    epochs: 300,
    batchSize: 256, // the whole set: plain gradient descent, so that the optimum is reached exactly
    optimizer: { name: 'sgd', weightDecay: 0.02 },
    schedule: { name: 'constant', learningRate: 0.3 },
  });
  await trainHead(one);
  const [kernel, bias] = one.model
    .getLayer('linear')
    .getWeights()
    .map((weight) => weight.dataSync()) as [Float32Array, Float32Array];
  const expected = newton(one.features, 0.02);
  for (let k = 0; k < 12; k++) expect(kernel[2 * k + 1]! - kernel[2 * k]!).toBeCloseTo(expected[k] as number, 3);
  expect(bias[1]! - bias[0]!).toBeCloseTo(expected[12] as number, 3);
});

test('accuracy of the last and of the best epoch are the curve’s, and the confusion counts agree', async () => {
  const outcome = await trainHead(job({ epochs: 5, batchSize: 32 }));
  const accuracies = outcome.curve.test.map((point) => point.top1);
  expect(accuracies).toHaveLength(5);
  const [head] = outcome.heads as [HeadScores];
  expect(head.top1).toBe(accuracies[4]);
  expect(head.best).toBe(Math.max(...(accuracies as number[])));
  expect(head.top1).toBeGreaterThan(90); // the classes lie 1.6·√12 = 5.5 deviations apart
  const [[aa, ab], [ba, bb]] = head.confusion as [[number, number], [number, number]];
  expect([aa + ab, ba + bb]).toEqual([100, 100]);
  expect((aa + bb) / 2).toBeCloseTo(head.top1, 10);
});

describe('interrupted', () => {
  const settings = { epochs: 6, batchSize: 32 }; // 8 steps an epoch
  const build = () =>
    classifierHead(
      { head: 'conv', width: 4 },
      { shape: [2, 2, 3], classes: 2, key: randomKey(9), initialiser: 'torch' },
    );
  const bits = (model: tf.LayersModel) => model.getWeights().map((weight) => weight.dataSync());
  let expected: { outcome: HeadOutcome; bits: unknown };
  beforeAll(async () => {
    const whole = job(settings, { model: build() });
    expected = { outcome: await trainHead(whole), bits: bits(whole.model) };
  });

  /** Trains until asked to stop at the given step of this run. */
  async function stopped(workFolder: string, at: number): Promise<void> {
    const controller = new AbortController();
    let batches = 0;
    const phase = { advance: () => void (++batches === at && controller.abort()), done: () => void 0 };
    const progress = { ...silent, phase: () => phase };
    const one = job(settings, { model: build(), workFolder, signal: controller.signal, progress });
    await expect(trainHead(one)).rejects.toBeInstanceOf(Interrupted);
    expect(batches).toBe(at);
  }

  /** Goes on; gives the notes and warnings on the way. */
  async function resumed(workFolder: string): Promise<string[]> {
    const progress = recordingProgress();
    const one = job(settings, { model: build(), workFolder, progress });
    expect(JSON.stringify(await trainHead(one))).toBe(JSON.stringify(expected.outcome));
    expect(bits(one.model)).toEqual(expected.bits);
    return progress.lines;
  }

  test.each([1, 8, 9, 29, 48])('after step %i, goes on from there and ends with the same bits', async (at) => {
    const workFolder = temporaryFolder('head');
    await stopped(workFolder, at);
    expect(await resumed(workFolder)).toEqual([`Going on from step ${at} of 48`]);
    expect(existsSync(join(workFolder, 'live'))).toBe(false);
  });

  test('twice, the newest checkpoint torn: goes on from the one before', async () => {
    const workFolder = temporaryFolder('head');
    await stopped(workFolder, 5);
    await stopped(workFolder, 7);
    truncateSync(join(workFolder, 'live', 'step-000000012.safetensors'), 2000);
    const lines = await resumed(workFolder);
    expect(lines[0]).toMatch(/damaged.*going back to the one before/);
    expect(lines[1]).toBe('Going on from step 5 of 48');
  });

  test('another training takes nothing over', async () => {
    const workFolder = temporaryFolder('head');
    await stopped(workFolder, 9);
    const other = await trainHead(job(settings, { model: build(), workFolder, identity: 'another' }, randomKey(6)));
    expect(other.curve.test).toHaveLength(6);
    expect(other.curve.train).not.toEqual(expected.outcome.curve.train);
  });

  test('while testing, tests again when going on', async () => {
    const workFolder = temporaryFolder('head');
    const controller = new AbortController();
    const one = job(settings, { model: build(), workFolder, signal: controller.signal });
    const source: HeadSource = {
      ...one.source,
      async *test() {
        yield* one.source.test();
        controller.abort();
      },
    };
    // The signal comes after the last test batch of the first epoch, and is seen before the second epoch begins.
    await expect(trainHead({ ...one, source })).rejects.toThrow('linear saved at step 8 of 48: asked to stop');
    await resumed(workFolder);
  });
});

test('metrics are written for TensorBoard, step by step', async () => {
  const workFolder = temporaryFolder('head');
  await trainHead(job({ epochs: 3, batchSize: 32 }, { workFolder }));
  expect(eventTags(join(workFolder, 'events'))).toMatchObject({
    'train/loss': 2, // of 24 steps every tenth
    'epoch/loss': 3,
    'test/top1': 3,
  });
});

test('a dry run takes one step; too little data and a diverging loss are refused', async () => {
  const dry = await trainHead(job({ epochs: 5, batchSize: 32 }, { extent: dryRun }));
  expect(dry.curve.train).toHaveLength(1);
  await expect(trainHead(job({ batchSize: 512 }))).rejects.toThrow('do not fill one batch');
  const wild = { batchSize: 64, epochs: 50, schedule: { name: 'constant', learningRate: 1e20 } };
  await expect(trainHead(job(wild))).rejects.toThrow(/^linear diverged at step \d+ \(epoch \d+\): loss = /);
});

test('more draws than images go through the images again', async () => {
  const outcome = await trainHead(job({ epochs: 2, batchSize: 64, samplesPerEpoch: 640 }));
  expect(outcome.curve.train.map((point) => point.step)).toEqual([10, 20]);
});

test('training and testing leave no tensor behind', async () => {
  const one = job({ epochs: 3, batchSize: 32 });
  const before = tf.memory().numTensors;
  await trainHead(one);
  expect(tf.memory().numTensors).toBe(before);
});
