import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kmeans as mlKMeans } from 'ml-kmeans';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { normal, randomKey } from '@selfsup/kit/random';
import { fileRows, memoryRows, type RowSource } from '../row-source.ts';
import { kmeans, loadKMeansState, saveKMeansState, type KMeansOptions, type KMeansState } from './kmeans.ts';

/** Standard normal rows, `[rows, width]`: no clusters in them, so many rows lie near a border. */
function noise(rows: number, width: number, seed = 1): Float32Array {
  const key = randomKey(seed, 'noise');
  return Float32Array.from({ length: rows * width }, (_, i) => normal(key, i));
}

/** Rows around `centres`, `perCentre` each, in turn. */
function blobs(centres: readonly (readonly number[])[], perCentre: number, spread: number): Float32Array {
  const width = centres[0]!.length;
  const key = randomKey(2, 'blobs');
  return Float32Array.from({ length: perCentre * centres.length * width }, (_, i) => {
    const centre = centres[Math.floor(i / width) % centres.length]!;
    return centre[i % width]! + spread * normal(key, i);
  });
}

/** The nearest of `centroids` of each row, in float64. */
function nearest(values: Float32Array, centroids: Float32Array, width: number): Int32Array {
  return Int32Array.from({ length: values.length / width }, (_, row) => {
    const distances = Array.from({ length: centroids.length / width }, (_, k) =>
      Math.hypot(...Array.from({ length: width }, (_, i) => values[row * width + i]! - centroids[k * width + i]!)),
    );
    return distances.indexOf(Math.min(...distances));
  });
}

/** Lloyd's algorithm as in the textbook, in float64; empty clusters are not expected. */
function textbook(values: Float32Array, width: number, k: number, iterations: number) {
  const n = values.length / width;
  let centroids = Array.from({ length: k }, (_, c) => [...values.subarray(c * width, (c + 1) * width)]);
  const assign = () => {
    let objective = 0;
    const assignment = Array.from({ length: n }, (_, row) => {
      const distances = centroids.map((centroid) =>
        centroid.reduce((sum, value, i) => sum + (value - values[row * width + i]!) ** 2, 0),
      );
      const least = Math.min(...distances);
      objective += least;
      return distances.indexOf(least);
    });
    return { assignment, objective };
  };
  const objectives: number[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { assignment, objective } = assign();
    objectives.push(objective);
    const sums = centroids.map((centroid) => centroid.map(() => 0));
    const counts = centroids.map(() => 0);
    assignment.forEach((cluster, row) => {
      counts[cluster]!++;
      for (let i = 0; i < width; i++) sums[cluster]![i]! += values[row * width + i]!;
    });
    centroids = sums.map((sum, cluster) => sum.map((value) => value / counts[cluster]!));
  }
  return { ...assign(), objectives, centroids };
}

const copyOf = (state: KMeansState) => structuredClone(state);

describe('k-means', () => {
  it.each([5, 90])('is the textbook algorithm on rows without clusters, k = %i', async (k) => {
    const values = noise(1500, 6);
    const expected = textbook(values, 6, k, 25);
    const got = await kmeans(memoryRows(values, 6), { k, seed: 0, iterations: 25, start: 'first', chunkRows: 400 });
    expect([...got.assignment]).toEqual(expected.assignment);
    got.objectives.forEach((value, i) => expect(value / expected.objectives[i]!).toBeCloseTo(1, 5));
    expect(got.objective / expected.objective).toBeCloseTo(1, 5);
    expected.centroids.flat().forEach((value, i) => expect(got.centroids[i]).toBeCloseTo(value, 5));
    expect(got.counts.reduce((a, b) => a + b)).toBe(1500);
    expect([got.empty, got.reseeded.every((count) => count === 0)]).toEqual([0, true]);
  });

  it('agrees with ml-kmeans from the same start', async () => {
    const values = noise(300, 3, 7);
    const points = Array.from({ length: 300 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)]);
    const theirs = mlKMeans(points, 6, { initialization: points.slice(0, 6), maxIterations: 200, tolerance: 0 });
    const ours = await kmeans(memoryRows(values, 3), { k: 6, seed: 0, iterations: 200, start: 'first' });
    expect([...ours.assignment]).toEqual(theirs.clusters);
    theirs.centroids.flat().forEach((value, i) => expect(ours.centroids[i]).toBeCloseTo(value, 5));
  });

  it('gives the same bits for the same seed, others for another, and no tensor stays behind', async () => {
    const source = memoryRows(noise(2000, 8), 8);
    const before = tf.memory().numTensors;
    const one = await kmeans(source, { k: 40, seed: 3 });
    expect(tf.memory().numTensors).toBe(before);
    expect(await kmeans(source, { k: 40, seed: 3 })).toEqual(one);
    expect((await kmeans(source, { k: 40, seed: 4 })).centroids).not.toEqual(one.centroids);
  });

  it('assigns alike whatever the size of pieces, and however few rows the device may keep', async () => {
    const source = memoryRows(noise(2000, 8), 8);
    const whole = await kmeans(source, { k: 80, seed: 3, chunkRows: 2000 });
    for (const variant of [{ chunkRows: 77 }, { chunkRows: 512, cacheBytes: 0 }, { chunkRows: 512, cacheBytes: 4e4 }]) {
      const other = await kmeans(source, { k: 80, seed: 3, ...variant });
      expect(other.assignment).toEqual(whole.assignment);
    }
  });

  it('keeps the best of several restarts', async () => {
    const source = memoryRows(blobs([[0, 0], [4, 0], [0, 4], [9, 9], [9, 5], [5, 9]], 40, 0.2), 2); // prettier-ignore
    const singles: number[] = [];
    const best = await kmeans(source, {
      ...{ k: 6, seed: 5, restarts: 8 },
      onIteration: ({ iteration, restart, objectives }) => {
        if (iteration === 20) singles[restart] = objectives.at(-1)!;
      },
    });
    expect(singles).toHaveLength(8);
    expect(new Set(singles.map((value) => value.toFixed(3))).size).toBeGreaterThan(1);
    expect(best.objective).toBeCloseTo(Math.min(...singles), 3);
    expect(singles[best.restart]).toBeCloseTo(best.objective, 3);
  });

  it('re-seeds empty clusters by splitting others', async () => {
    // Ten equal rows first: from them, nine of ten clusters are empty at once.
    const values = noise(500, 4);
    for (let row = 1; row < 10; row++) values.copyWithin(row * 4, 0, 4);
    const got = await kmeans(memoryRows(values, 4), { k: 10, seed: 1, iterations: 30, start: 'first' });
    expect(got.reseeded[0]).toBe(9);
    expect(got.empty).toBe(0);
    const sizes = [...got.counts];
    expect(Math.max(...sizes)).toBeLessThan(200);
    expect(got.assignment).toEqual(nearest(values, got.centroids, 4));
  });

  it('counts the clusters that stay empty because rows repeat', async () => {
    const values = Float32Array.from({ length: 40 }, (_, i) => (i % 4 < 2 ? 1 : -1));
    const got = await kmeans(memoryRows(values, 2), { k: 5, seed: 1 });
    expect(got.empty).toBe(3);
    expect(got.reseeded.at(-1)).toBeGreaterThan(0);
    expect(got.objective).toBeLessThan(1e-3);
  });

  it('can have as many clusters as rows', async () => {
    const values = noise(30, 3);
    const got = await kmeans(memoryRows(values, 3), { k: 30, seed: 1 });
    expect([...got.counts]).toEqual(new Array(30).fill(1));
    expect(got.objective).toBeCloseTo(0, 3);
    expect((await kmeans(memoryRows(values, 3), { k: 1, seed: 1 })).counts).toEqual(Int32Array.of(30));
  });
});

describe('k-means that is interrupted', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'selfsup-kmeans-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const source = memoryRows(noise(3000, 8), 8);
  const options: KMeansOptions = { k: 70, seed: 9, iterations: 12, restarts: 3, chunkRows: 512 };

  it('goes on from any saved state with the same bits', async () => {
    const states: KMeansState[] = [];
    const whole = await kmeans(source, { ...options, onIteration: (state) => void states.push(copyOf(state)) });
    expect(states).toHaveLength(36);
    for (const place of [0, 5, 11, 12, 20, 35]) {
      const path = join(folder, `state-${place}`);
      await saveKMeansState(path, states[place]!);
      const resume = await loadKMeansState(path);
      expect(resume).toEqual(states[place]);
      const seen: KMeansState[] = [];
      const rest = await kmeans(source, { ...options, resume, onIteration: (state) => void seen.push(copyOf(state)) });
      expect(rest).toEqual(whole);
      expect(seen).toEqual(states.slice(place + 1));
    }
  });

  it('stops between pieces when asked to', async () => {
    const stop = new AbortController();
    let last: KMeansState | undefined;
    let reads = 0;
    const counted: RowSource = { ...source, read: (start, count) => (reads++, source.read(start, count)) };
    const stopped = kmeans(counted, {
      ...{ ...options, cacheBytes: 0, signal: stop.signal },
      onIteration: (state) => {
        last = copyOf(state);
        if (state.iteration === 4) {
          stop.abort();
          reads = 0;
        }
      },
    });
    await expect(stopped).rejects.toMatchObject({ name: 'Interrupted' });
    expect([last!.iteration, reads]).toEqual([4, 0]);
    expect(await kmeans(source, { ...options, cacheBytes: 0, resume: last })).toEqual(
      await kmeans(source, { ...options, cacheBytes: 0 }),
    );
  });

  it('refuses a state of another run, and damaged files by name', async () => {
    let state: KMeansState | undefined;
    await kmeans(source, { ...options, iterations: 1, restarts: 1, onIteration: (one) => void (state = one) });
    await expect(kmeans(source, { ...options, resume: state })).rejects.toMatchObject({ field: 'iterations' });
    const path = join(folder, 'damaged');
    await saveKMeansState(path, state!);
    await truncate(path, 5000);
    await expect(loadKMeansState(path)).rejects.toMatchObject({
      file: path,
      message: expect.stringMatching(/damaged/),
    });
    await writeFile(path, 'something else that is long enough');
    await expect(loadKMeansState(path)).rejects.toMatchObject({
      file: path,
      message: expect.stringMatching(/damaged/),
    });
    await expect(loadKMeansState(join(folder, 'none'))).rejects.toMatchObject({ file: join(folder, 'none') });
  });

  it('clusters rows of a file as those in memory', async () => {
    const path = join(folder, 'rows');
    const values = noise(3000, 8);
    await writeFile(path, Buffer.concat([Buffer.alloc(128), new Uint8Array(values.buffer)]));
    const file = fileRows(path, 3000, 8, 128);
    expect(await kmeans(file, { ...options, cacheBytes: 0 })).toEqual(await kmeans(source, options));
    file.close();
  });
});

describe('k-means refuses by name', () => {
  const values = noise(10, 2);
  const source = memoryRows(values, 2);
  const cases: [string, Partial<KMeansOptions>, string][] = [
    ['more clusters than rows', { k: 11 }, 'k'],
    ['no clusters', { k: 0 }, 'k'],
    ['no iterations', { iterations: 0 }, 'iterations'],
    ['half a restart', { restarts: 0.5 }, 'restarts'],
    ['restarts from the same rows', { restarts: 2, start: 'first' }, 'restarts'],
    ['a start of another size', { start: new Float32Array(5) }, 'start'],
  ];
  it.each(cases)('%s', async (_, options, field) => {
    const refused = kmeans(source, { k: 3, seed: 1, ...options });
    await expect(refused).rejects.toBeInstanceOf(UserError);
    await expect(refused).rejects.toMatchObject({ field });
  });

  it('the first row with NaN, wherever it lies', async () => {
    const damaged = values.slice();
    damaged[15] = NaN;
    damaged[18] = Infinity;
    for (const start of ['random', 'first'] as const) {
      const refused = kmeans(memoryRows(damaged, 2), { k: 2, seed: 1, start, chunkRows: 3 });
      await expect(refused).rejects.toThrow(/Row (7|9) holds NaN/);
    }
    const first = kmeans(memoryRows(damaged, 2), { k: 2, seed: 1, start: 'first', chunkRows: 3 });
    await expect(first).rejects.toThrow('Row 7 holds NaN or infinity');
  });
});
