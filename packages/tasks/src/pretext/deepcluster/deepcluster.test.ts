import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { metricValues } from '@selfsup/kit/metric';
import { dryRun, Interrupted, type Extent, type StageResult } from '@selfsup/kit/stage';
import { loadEncoder } from '@selfsup/models/encoder';
import { figureData } from '@selfsup/report/testing/figure-data';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { digestsOf } from '../../testing/interruption.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { rehearseOn } from '../../training/dry-run.ts';
import { trainOn, withTraining } from '../../training/run-training.ts';
import stage, { deepcluster } from './deepcluster.ts';

const root = mkdtempSync(join(tmpdir(), 'deepcluster-'));
afterAll(() => rmSync(root, { recursive: true }));

interface Trial {
  readonly changes?: Record<string, unknown>;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly extent?: Extent;
  readonly carryOut?: typeof trainOn;
  /** Called when a phase advances, with its name and how often it has. */
  readonly onAdvance?: (phase: string, times: number) => void;
}

const dataset = () => generatedDataset(16, { train: 240, test: 20 });

async function train(folder: string, { changes = {}, onAdvance, carryOut, ...more }: Trial = {}) {
  const base = {
    epochs: 4,
    task: { clusters: 12, iterations: 8, headMomentum: 0.9 },
    schedule: { name: 'constant', learningRate: 0.1 },
    data: { workers: 0, augment: {}, samplesPerEpoch: 480 },
    ...changes,
  };
  const context = trainingContext(deepcluster, join(root, folder), base, more);
  context.progress.phase = (name) => {
    let times = 0;
    return { advance: () => onAdvance?.(name, ++times), done: () => undefined };
  };
  const work = carryOut ?? (more.extent === dryRun ? rehearseOn : trainOn);
  const result = await work(dataset(), deepcluster, context);
  return { result, lines: context.progress.lines };
}

/** As where several processes train: the first plans, saves, and is lost. */
const handOverAfterPlan: typeof trainOn = (...given) =>
  withTraining(...given, async ({ training, save, checkpoint }) => {
    await training.plan();
    await training.save();
    await save();
    return { blobs: { checkpoint }, metrics: [] };
  });

/** Metrics and figures, in their order. */
const courseOf = ({ metrics, figures }: StageResult): string => JSON.stringify({ metrics, figures });

const whole = train('whole');
/** 15 steps an epoch. */
const short = { epochs: 2, data: { workers: 0, augment: { padCrop: 1, flip: true } } };

describe('DeepCluster', () => {
  test('learns to tell clusters apart, which come to follow what is in the images', async () => {
    const { result } = await whole;
    const { train: curve } = figureData(result, 'curve');
    expect(curve).toHaveLength(4);
    // 12 clusters: chance is 8.3 %, and the loss ln 12 = 2.48 at first.
    expect(curve.at(-1)!['cluster-accuracy']).toBeGreaterThan(17);
    expect(curve.at(-1)!['loss']).toBeLessThan(curve[0]!['loss']! - 0.3);
    // The images differ in the colour of a bar, which is their class. Random weights hardly see it.
    expect(curve[0]!['nmi-labels']).toBeLessThan(0.35);
    expect(metricValues(result.metrics)['pretext/final/nmi-labels']).toBeGreaterThan(0.5);
  });

  test('tells of each assignment in the curve and of the last one in the metrics', async () => {
    const { result } = await whole;
    const { train: curve } = figureData(result, 'curve');
    expect(curve[0]).not.toHaveProperty('nmi-previous');
    for (const point of curve.slice(1)) {
      expect(point['nmi-previous']).toBeGreaterThan(0);
      expect(point['nmi-previous']).toBeLessThanOrEqual(1);
    }
    for (const point of curve) {
      expect(point['cluster-entropy']).toBeLessThanOrEqual(Math.log(12));
      expect(point['largest-cluster']).toBeGreaterThanOrEqual(20);
      expect(point['empty-clusters']).toBe(0);
    }
    expect(metricValues(result.metrics)['pretext/nmi-labels']).toBe(curve.at(-1)!['nmi-labels']);
    expect(metricValues(result.metrics)['pretext/final/nmi-previous']).toBeGreaterThan(0);
  });

  test('exports the cluster of every image by its path in the source', async () => {
    const { result } = await whole;
    const lines = readFileSync(result.files!['clusters.csv']!, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(241);
    const labels = dataset().labels('train');
    const clusters = new Map<string, number[]>();
    lines.slice(1).forEach((line, i) => {
      const [path, cluster] = line.split(',') as [string, string];
      expect(path).toBe(`train/${i}`);
      clusters.set(cluster, [...(clusters.get(cluster) ?? []), labels[i]!]);
    });
    const sizes = [...clusters.values()].map((members) => members.length);
    expect(Math.max(...sizes)).toBe(metricValues(result.metrics)['pretext/final/largest-cluster']);
    expect(12 - clusters.size).toBe(metricValues(result.metrics)['pretext/final/empty-clusters']);
  });

  test('draws galleries of clusters', async () => {
    const { result } = await whole;
    const { pictures } = figureData(result, 'pictures');
    expect(pictures.map(({ caption }) => caption)).toEqual([
      'Members nearest to the centroid',
      'Members drawn at random',
    ]);
    for (const { image } of pictures) expect(Buffer.from(image).subarray(1, 4).toString()).toBe('PNG');
  });

  test('the checkpoint holds the head of the last assignment, begun anew, and an encoder that can be loaded', async () => {
    const { result } = await whole;
    const { tensors, description } = await loadEncoder(result.blobs!['checkpoint']!);
    expect(description).toMatchObject({ task: 'deepcluster', epoch: 4, step: 120 });
    expect(tensors.get('head/linear/kernel')!.shape).toEqual([8, 12]);
  });

  test('an assignment may serve several epochs, and sampling may be that of the released code', async () => {
    let clusterings = 0;
    const { result } = await train('several', {
      changes: { epochs: 3, task: { clusters: 6, iterations: 4, reassignEvery: 2, sampling: 'released', pca: 5 } },
      onAdvance: (phase, times) => phase === 'whitening' && times === 1 && clusterings++,
    });
    // Before epochs 1 and 3, and after the last.
    expect(clusterings).toBe(3);
    const { train: curve } = figureData(result, 'curve');
    expect(curve.map((point) => 'nmi-labels' in point)).toEqual([true, false, true]);
  });
});

describe('an interrupted DeepCluster', () => {
  const left = train('left alone', { changes: short });
  const stopAt = (phase: string, times: number, which = 1) => {
    const stop = new AbortController();
    let seen = 0;
    const onAdvance = (name: string, advanced: number): void => {
      if (name === phase && advanced === times && ++seen === which) stop.abort();
    };
    return { signal: stop.signal, onAdvance };
  };

  test.each([
    ['the second clustering', stopAt('k-means', 5, 2)],
    ['an epoch', stopAt('training', 20)],
    ['the clustering after the last epoch', stopAt('whitening', 1, 3)],
  ])('stopped in %s, ends with the same bits', async (where, trial) => {
    await expect(train(where, { ...trial, changes: short })).rejects.toThrow(Interrupted);
    const { result } = await train(where, { changes: short });
    expect(await digestsOf(result)).toEqual(await digestsOf((await left).result));
    expect(courseOf(result)).toBe(courseOf((await left).result));
  });

  test('saved as it is handed over after the plan of an epoch, it keeps the order of its metrics', async () => {
    await train('handed over', { changes: short, carryOut: handOverAfterPlan });
    const { result, lines } = await train('handed over', { changes: short });
    expect(lines[0]).toBe('Going on from step 0 of 30');
    expect(courseOf(result)).toBe(courseOf((await left).result));
  });

  test('another seed gives other bits', async () => {
    const { result } = await train('other', { changes: short, seed: 2 });
    expect((await digestsOf(result))['clusters.csv']).not.toBe((await digestsOf((await left).result))['clusters.csv']);
  });
});

describe('what DeepCluster refuses', () => {
  test.each([
    [{ clusters: 241 }, 'task.clusters', /241 clusters of 240 training images/],
    [{ clusters: 12, pca: 9 }, 'task.pca', /9 principal components of 8 features/],
  ])('%j', async (task, field, message) => {
    const refused = train('refused', { changes: { task } });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ field });
  });

  test('warns when there are about as many clusters as classes', async () => {
    const { lines } = await train('few', { changes: { epochs: 1, task: { clusters: 4, iterations: 2 } } });
    expect(lines.filter((line) => /^warning: 4 clusters are close to the 3 classes/.test(line))).toHaveLength(1);
    expect((await whole).lines.filter((line) => line.startsWith('warning'))).toEqual([]);
  });

  test.each([[{ clusters: 1 }], [{}], [{ clusters: 5, whiten: false }], [{ clusters: 5, headMomentum: 1 }]])(
    'the config %j',
    (task) => {
      expect(stage.schema.safeParse({ network: { name: 'nin' }, epochs: 1, task }).success).toBe(false);
    },
  );
});

test('a dry run clusters few images, takes two steps and keeps nothing', async () => {
  const { lines } = await train('dry', { extent: dryRun, changes: { task: { clusters: 500 } } });
  expect(lines.join('\n')).toMatch(/warning: 500 clusters are more than these 240 images/);
  expect(lines.join('\n')).toMatch(/Step 2: loss/);
});
