import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Batch } from '@selfsup/data/loader';
import { tf } from '@selfsup/engine/tensorflow';
import { normal, randomKey } from '@selfsup/kit/random';
import { Interrupted } from '@selfsup/kit/stage';
import { recordingProgress } from '@selfsup/trainer/testing/recording-progress';
import { clusterFeatures, type ClusteringWork } from './clustering.ts';

const root = mkdtempSync(join(tmpdir(), 'clustering-'));
afterAll(() => rmSync(root, { recursive: true }));

const BATCH = 16;

/** Work on given features `[images][width]`, which come in batches; `onBatch` is called before each. */
function workOn(features: readonly (readonly number[])[], folder: string, more: Partial<ClusteringWork> = {}) {
  const width = features[0]!.length;
  const asked: number[] = [];
  const work: ClusteringWork = {
    images: features.length,
    width,
    components: width,
    clusters: 4,
    iterations: 10,
    restarts: 1,
    seed: 3,
    folder: join(root, folder),
    identity: 'first',
    persistEverySeconds: 0,
    progress: recordingProgress(),
    signal: new AbortController().signal,
    async *batches(startBatch) {
      for (let batch = startBatch; batch * BATCH < features.length; batch++) {
        asked.push(batch);
        const places = features.slice(batch * BATCH, (batch + 1) * BATCH).map((_, i) => batch * BATCH + i);
        yield { indices: Uint32Array.from(places) } as Batch;
      }
    },
    featuresOf: ({ indices }) => tf.tensor2d([...indices].map((place) => [...features[place]!])),
    nameOf: (place) => `image ${place}`,
    ...more,
  };
  return { work, asked };
}

/** Whether two assignments differ in the names of the clusters alone. */
function sameClusters(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  const pairs = new Set(Array.from(a, (cluster, i) => `${cluster} ${b[i]}`));
  return pairs.size === new Set(Array.from(a)).size && pairs.size === new Set(Array.from(b)).size;
}

/** Points in a cross whose arms are of very unequal length, off the origin: after whitening the arms are equal. */
const cross = Array.from({ length: 40 }, (_, i) => {
  const sign = i % 4 < 2 ? 1 : -1;
  return i % 2 === 0 ? [7 + 100 * sign, 3] : [7, 3 + sign];
});

describe('clustering features', () => {
  test('whitens, and brings rows to length 1: the arms of a cross become four points', async () => {
    const { assignment, distances, objective } = await clusterFeatures(workOn(cross, 'cross').work);
    expect(
      sameClusters(
        assignment,
        cross.map((_, i) => i % 4),
      ),
    ).toBe(true);
    // All members of an arm are one point, so nothing is left over.
    expect(objective).toBeCloseTo(0, 5);
    expect(Math.max(...distances)).toBeCloseTo(0, 5);
  });

  test('an image in the middle, whose whitened features are all 0, does no harm', async () => {
    const features = [...cross, [7, 3], [7, 3]];
    const { assignment, distances } = await clusterFeatures(workOn(features, 'middle', { clusters: 5 }).work);
    expect([...distances].every(Number.isFinite)).toBe(true);
    expect(
      sameClusters(
        assignment,
        features.map((_, i) => (i < 40 ? i % 4 : 4)),
      ),
    ).toBe(true);
  });

  test('distances are those to the centroid, and their sum is the objective', async () => {
    const { assignment, distances, objective } = await clusterFeatures(workOn(cloud(), 'distances').work);
    // Rows have length 1 and centroids are means: the sum over a cluster of n is n − n·‖mean‖², at most n.
    const sum = distances.reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(objective, 2);
    expect(objective).toBeGreaterThan(1);
    expect(objective).toBeLessThan(assignment.length);
  });

  test('features that are not finite stop it, naming the image', async () => {
    const features = cross.map((row, i) => (i === 21 ? [NaN, 0] : row));
    await expect(clusterFeatures(workOn(features, 'nan').work)).rejects.toThrow(/features of image 21 hold NaN/);
  });

  test('what is finished is not done again, and what another one left is removed', async () => {
    const first = await clusterFeatures(workOn(cross, 'again').work);
    const { work, asked } = workOn(cross, 'again');
    expect(await clusterFeatures(work)).toEqual(first);
    expect(asked).toEqual([]);
    expect(readdirSync(work.folder).sort()).toEqual(['clustering.safetensors', 'record.json']);
    const other = workOn(cross, 'again', { identity: 'second' });
    await clusterFeatures(other.work);
    expect(other.asked).toEqual([0, 1, 2]);
  });
});

/** 150 rows of 6 without structure. */
function cloud(): number[][] {
  return Array.from({ length: 150 }, (_, i) => Array.from({ length: 6 }, (__, j) => normal(randomKey(1, i), j)));
}

describe('a clustering that is stopped', () => {
  test.each([
    ['in the features', (stop: () => void) => stopAt('features to cluster', 3, stop)],
    ['in the whitening', (stop: () => void) => stopAt('whitening', 1, stop)],
    ['in k-means', (stop: () => void) => stopAt('k-means', 4, stop)],
  ])('%s goes on from there to the same bits', async (where, progressOf) => {
    const whole = await clusterFeatures(workOn(cloud(), `whole ${where}`).work);
    const abort = new AbortController();
    const stopped = workOn(cloud(), where, { signal: abort.signal, progress: progressOf(() => abort.abort()) });
    await expect(clusterFeatures(stopped.work)).rejects.toThrow(Interrupted);
    const resumed = workOn(cloud(), where);
    expect(await clusterFeatures(resumed.work)).toEqual(whole);
    expect(resumed.asked[0]).toBe(where === 'in the features' ? 3 : undefined);
  });
});

/** Progress that calls `stop` when a phase has advanced so many times. */
function stopAt(phase: string, times: number, stop: () => void): ClusteringWork['progress'] {
  return {
    ...recordingProgress(),
    phase: (name) => {
      let advanced = 0;
      return { advance: () => void (name === phase && ++advanced === times && stop()), done: () => undefined };
    },
  };
}
