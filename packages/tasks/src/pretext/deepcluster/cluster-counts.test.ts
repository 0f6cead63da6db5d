import { expect, test } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { dryRun, wholeWork } from '@selfsup/kit/stage';
import { recordingProgress } from '@selfsup/trainer/testing/recording-progress';
import { checkClusterCounts } from './cluster-counts.ts';

/** Counts for `images` images of ten classes whose features have `width` values. */
function counts(task: { clusters: number; pca?: number }, images: number, width: number, extent = wholeWork) {
  const progress = recordingProgress();
  const context = {
    config: { iterations: 20, restarts: 1, reassignEvery: 1, sampling: 'uniform' as const, headMomentum: 0, ...task },
    trainingIndices: new Uint32Array(images),
    dataset: { manifest: { name: 'ten', classes: Array.from({ length: 10 }, (_, i) => String(i)) } } as never,
    extent,
    progress,
  };
  return { found: () => checkClusterCounts(context, width), lines: progress.lines };
}

test('components are 256, or all features where there are fewer, unless they are told', () => {
  expect(counts({ clusters: 100 }, 5000, 4096).found()).toEqual({ images: 5000, clusters: 100, components: 256 });
  expect(counts({ clusters: 100 }, 5000, 64).found().components).toBe(64);
  expect(counts({ clusters: 100, pca: 32 }, 5000, 64).found().components).toBe(32);
});

test.each([
  [{ clusters: 101 }, 100, 8, 'task.clusters', '101 clusters of 100 training images'],
  [{ clusters: 50, pca: 9 }, 100, 8, 'task.pca', '9 principal components of 8 features'],
  [{ clusters: 50, pca: 100 }, 100, 128, 'task.pca', '100 principal components of 100 training images'],
  [{ clusters: 50 }, 100, 4096, 'task.pca', '256 principal components of 100 training images'],
])('refuses %j of %i images with %i features by name', (task, images, width, field, message) => {
  let error: unknown;
  try {
    counts(task, images, width).found();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ field, message: expect.stringContaining(message) });
});

test('as many clusters as images are allowed', () => {
  expect(counts({ clusters: 100 }, 100, 8).found().clusters).toBe(100);
});

test('warns of fewer than three clusters a class', () => {
  for (const [clusters, warnings] of [
    [29, 1],
    [30, 0],
  ] as const) {
    const { found, lines } = counts({ clusters }, 5000, 64);
    found();
    expect(lines.filter((line) => /29 clusters are close to the 10 classes of ten/.test(line))).toHaveLength(warnings);
  }
});

test('a dry run clusters few images, into fewer clusters and components, and still refuses too wide a PCA', () => {
  expect(counts({ clusters: 10_000 }, 50_000, 4096, dryRun).found()).toEqual({
    images: 512,
    clusters: 256,
    components: 256,
  });
  const few = counts({ clusters: 200, pca: 90 }, 80, 4096, dryRun);
  expect(few.found()).toEqual({ images: 80, clusters: 40, components: 79 });
  expect(few.lines.join('\n')).toMatch(/200 clusters are more than these 80 images/);
  expect(() => counts({ clusters: 100, pca: 65 }, 5000, 64, dryRun).found()).toThrow('65 principal components of 64');
});
