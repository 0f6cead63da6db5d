import { fromFirst } from '@selfsup/engine/cluster';
import { UserError } from '@selfsup/kit/errors';
import type { Progress } from '@selfsup/kit/progress';
import { permutation, randomKey } from '@selfsup/kit/random';
import { refuseNonFinite, rowsPerChunk, type RowSource } from '../row-source.ts';
import { DeviceRowCache } from './device-row-cache.ts';
import { RowAssignment } from './kmeans-assignment.ts';
import { meansOf, splitEmptyClusters, splitKey } from './kmeans-centroids.ts';
import type { KMeansResult, KMeansState } from './kmeans-state.ts';

export { loadKMeansState, saveKMeansState, type KMeansResult, type KMeansState } from './kmeans-state.ts';
export interface KMeansOptions {
  /** Number of clusters, at most the number of rows. */
  readonly k: number;
  readonly seed: number;
  /** Times that centroids are moved; 20 as in DeepCluster. */
  readonly iterations?: number | undefined;
  /** Runs from different random rows, of which the one with the least objective is kept. */
  readonly restarts?: number | undefined;
  /** Where centroids start: at k different random rows, at the first k rows, or at these, `[k, width]`. */
  readonly start?: 'random' | 'first' | Float32Array | undefined;
  /** Rows that are compared at a time. The results' last bits may depend on it. */
  readonly chunkRows?: number | undefined;
  /** Memory of the device that may hold rows from one pass to the next, in bytes; the others are read each time. */
  readonly cacheBytes?: number | undefined;
  /** A state handed to `onIteration`, to go on from; its arrays are changed. */
  readonly resume?: KMeansState | undefined;
  /** Called after each iteration. The next one changes the state's arrays: save them, or copy what is to be kept. */
  readonly onIteration?: ((state: KMeansState) => void | Promise<void>) | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

const defaultCacheBytes = 512 * 2 ** 20;

/**
 * Lloyd's k-means on the device, with all rows, in memory that does not grow with them but for 12 bytes a row. The
 * conventions are those of faiss (`Clustering.cpp`), which DeepCluster uses: see `splitEmptyClusters`. The same
 * seed gives the same bits, resumed or not. Processes that share the stage share the comparisons.
 *
 * Throws `UserError` naming the option that is out of bounds, or the first row with a NaN or an infinity, and
 * `Interrupted` when the signal is aborted; the last state given to `onIteration` goes on from there.
 */
export async function kmeans(source: RowSource, options: KMeansOptions): Promise<KMeansResult> {
  const { k, seed, iterations = 20, restarts = 1, start = 'random', progress, signal } = options;
  const { rows, width } = source;
  checkOptions(source, { k, iterations, restarts, start });
  const run = { rows, width, k, seed, iterations, restarts };
  const resume = await fromFirst('k-means begins', () => options.resume);
  if (resume !== undefined) checkState(resume, run);

  const cached = new DeviceRowCache(
    source,
    options.chunkRows ?? rowsPerChunk(Math.max(k, width)),
    options.cacheBytes ?? defaultCacheBytes,
    signal,
  );
  const done = resume === undefined ? 0 : resume.restart * iterations + resume.iteration;
  const phase = progress?.phase('k-means', iterations * restarts, 'iterations', done);
  let best = resume?.best;
  let state = resume;
  try {
    for (let restart = resume?.restart ?? 0; restart < restarts; restart++) {
      const rowAssignment = new RowAssignment(cached, k, state);
      let squares: number;
      let centroids: Float32Array;
      let scored: Float32Array | undefined;
      const objectives = [...(state?.objectives ?? [])];
      const reseeded = [...(state?.reseeded ?? [])];
      if (state === undefined) {
        centroids = await startingCentroids(source, k, seed, restart, start);
        squares = await rowAssignment.start(centroids);
        scored = centroids;
      } else ({ squares, centroids, scored } = state);

      for (let iteration = state?.iteration ?? 0; iteration < iterations; iteration++) {
        const changed = await rowAssignment.follow(scored, centroids);
        scored = centroids;
        objectives.push(rowAssignment.objective(squares));
        const next = await fromFirst('k-means moves', () => {
          const counts = rowAssignment.counts();
          const means = meansOf(rowAssignment.sums, counts, scored!);
          return { means, empty: splitEmptyClusters(means, counts, rows, splitKey(seed, restart, iteration)) };
        });
        centroids = next.means;
        reseeded.push(next.empty);
        phase?.advance(1, { objective: objectives.at(-1)!, changed });
        const { assignment, scores, bounds, sums } = rowAssignment;
        await options.onIteration?.({
          ...{ run, restart, iteration: iteration + 1, objectives: [...objectives], reseeded: [...reseeded] },
          ...{ squares, centroids, scored, sums, assignment, scores, bounds, best },
        });
      }
      await rowAssignment.follow(scored, centroids);
      const objective = rowAssignment.objective(squares);
      if (best === undefined || objective < best.objective) {
        const { assignment } = rowAssignment;
        const counts = rowAssignment.counts();
        const empty = counts.filter((count) => count === 0).length;
        best = { centroids, assignment, counts, objective, objectives, reseeded, empty, restart };
      }
      state = undefined;
    }
  } finally {
    cached.dispose();
  }
  phase?.done();
  return fromFirst('k-means ends', () => best!);
}

async function startingCentroids(
  source: RowSource,
  k: number,
  seed: number,
  restart: number,
  start: 'random' | 'first' | Float32Array,
): Promise<Float32Array> {
  const { rows, width } = source;
  if (start instanceof Float32Array) return start.slice();
  const chosen =
    start === 'first'
      ? Uint32Array.from({ length: k }, (_, i) => i)
      : permutation(randomKey(seed, 'k-means', 'start', restart), rows).slice(0, k);
  const centroids = new Float32Array(k * width);
  for (const [cluster, row] of chosen.entries()) {
    const values = await source.read(row, 1);
    refuseNonFinite(values, width, row);
    centroids.set(values, cluster * width);
  }
  return centroids;
}

function checkOptions(
  { rows, width }: RowSource,
  {
    k,
    iterations,
    restarts,
    start,
  }: Required<Pick<KMeansOptions, 'k'>> & {
    iterations: number;
    restarts: number;
    start: 'random' | 'first' | Float32Array;
  },
): void {
  for (const [field, value] of Object.entries({ k, iterations, restarts })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new UserError(`k-means: ${field} must be a whole number from 1 on, got ${value}`, { field });
    }
  }
  if (k > rows) {
    const remedy = `Set k to at most ${rows}, the number of rows.`;
    throw new UserError(`k-means: k is ${k}, but there are only ${rows} rows`, { field: 'k', remedy });
  }
  if (start !== 'random' && restarts > 1) {
    const remedy = "Set restarts to 1, or start to 'random'.";
    throw new UserError('k-means: restarts from the same centroids are all the same', { field: 'restarts', remedy });
  }
  if (start instanceof Float32Array) {
    if (start.length !== k * width) {
      throw new UserError(`k-means: start holds ${start.length} values, not ${k} rows of ${width}`, { field: 'start' });
    }
    refuseNonFinite(start, width, 0);
  }
}

function checkState(state: KMeansState, run: KMeansState['run']): void {
  for (const name of Object.keys(run) as (keyof typeof run)[]) {
    if (state.run[name] === run[name]) continue;
    throw new UserError(`k-means: the state to go on from has ${name} ${state.run[name]}, not ${run[name]}`, {
      field: name,
      remedy: 'Remove the saved state; clustering then starts again.',
    });
  }
}
