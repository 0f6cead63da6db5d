import { existsSync } from 'node:fs';
import type { Batch } from '@selfsup/data/loader';
import { cluster, fromFirst, inTurns } from '@selfsup/engine/cluster';
import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { Progress } from '@selfsup/kit/progress';
import { Interrupted, stopIfAsked } from '@selfsup/kit/stage';
import { readCheckpoint, writeCheckpoint } from '@selfsup/models/checkpoint';
import { kmeans, loadKMeansState, saveKMeansState, type KMeansOptions } from '@selfsup/numerics/kmeans';
import { fitPca, projectedRows } from '@selfsup/numerics/pca';
import { fileRows, firstNonFiniteRow, rowsPerChunk, type FileRows } from '@selfsup/numerics/row-source';
import { ClusteringRecord, type ClusteringPosition } from './clustering-record.ts';
import { RowWriter } from './row-writer.ts';

/** Which images belong together. */
export interface Clustering {
  /** `[images]` cluster of each image. */
  readonly assignment: Int32Array;
  /** `[images]` squared distance to the centroid of that cluster. */
  readonly distances: Float32Array;
  /** Sum of these. */
  readonly objective: number;
}

export interface ClusteringWork {
  /** The first `images` of those that `batches` gives are clustered. */
  readonly images: number;
  /** Features of an image, and principal components that they are whitened to. */
  readonly width: number;
  readonly components: number;
  readonly clusters: number;
  readonly iterations: number;
  readonly restarts: number;
  readonly seed: number;
  /** A private folder: of as many rows as there are images, features and then whitened ones lie there. */
  readonly folder: string;
  /** Digest of what the features are a function of: work of another identity is not resumed. */
  readonly identity: string;
  readonly persistEverySeconds: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  batches(from: number, every: number): AsyncIterable<Batch>;
  /** Features `[batch, width]` of a batch, batch norm in inference mode. */
  featuresOf(batch: Batch): tf.Tensor2D;
  /** An image's name for messages. */
  nameOf(place: number): string;
}

/** What the file of a finished clustering is called. */
const RESULT = 'clustering.safetensors';
const FEATURES = 'features.f32';
const WHITENED = 'whitened.f32';
const KMEANS = 'k-means.state';

/**
 * Clusters the features of images as DeepCluster does: PCA with whitening, rows to length 1, k-means on all of them
 * (Caron et al. 2018 §3.2). Memory does not grow with the images but for some 30 bytes each: features wait
 * in files. Interrupted anywhere, the same call goes on from what was written and ends with the same bits.
 *
 * Throws `UserError` naming the image whose features are not finite, and `Interrupted` when the signal is aborted.
 */
export async function clusterFeatures(work: ClusteringWork): Promise<Clustering> {
  if ((cluster()?.rank ?? 0) > 0) return helpToCluster(work);
  const record = await ClusteringRecord.open(work.folder, work.identity, work.persistEverySeconds);
  await fromFirst('clustering begins', () => record.position.part);
  if (record.position.part === 'features') await extract(work, record);
  if (record.position.part === 'whitened') await whiten(work, record);
  if (record.position.part === 'k-means') await findClusters(work, record);
  return fromFirst('clustering ends', async () => {
    const { tensors, metadata } = await readCheckpoint(record.path(RESULT));
    return {
      assignment: tensors.get('assignment')!.data as Int32Array,
      distances: tensors.get('distances')!.data as Float32Array,
      objective: metadata['objective'] as number,
    };
  });
}

/**
 * In another of several processes: computes its share of the features and compares its share of the rows, which it reads where
 * the first has written them.
 */
async function helpToCluster(work: ClusteringWork): Promise<Clustering> {
  const unknown = (): never => {
    throw new Error('This process follows.');
  };
  const begun = await fromFirst<ClusteringPosition['part']>('clustering begins', unknown);
  if (begun === 'features') await shareFeatures(work, 0, unknown);
  if (begun !== 'done') {
    const path = await fromFirst<string>('rows to cluster', unknown);
    const rows = fileRows(path, work.images, work.components);
    try {
      await kmeans(rows, kmeansOptions(work));
    } finally {
      rows.close();
    }
  }
  return fromFirst<Clustering>('clustering ends', unknown);
}

/** The features of all images, batch by batch from one on; `take` says when there are enough. */
async function shareFeatures(
  { batches, featuresOf, signal }: ClusteringWork,
  from: number,
  take: (values: Float32Array) => Promise<boolean>,
): Promise<void> {
  await inTurns<Float32Array, null>({
    name: 'features to cluster',
    from,
    async *own(turn) {
      for await (const batch of batches(turn.from, turn.every)) {
        const features = featuresOf(batch);
        const values = (await features.data()) as Float32Array;
        features.dispose();
        yield values;
        await stopIfAsked(signal, 'Asked to stop while features were computed.');
      }
    },
    take,
    finish: () => null,
  });
}

function kmeansOptions({ clusters: k, seed, iterations, restarts, progress, signal }: ClusteringWork): KMeansOptions {
  return { k, seed, iterations, restarts, progress, signal };
}

/** Writes the features of all images, batch by batch. */
async function extract(work: ClusteringWork, record: ClusteringRecord): Promise<void> {
  const { images, width } = work;
  const writer = RowWriter.open(record.path(FEATURES), width, record.position.rows);
  let batches = writer.rows === 0 ? 0 : record.position.batches;
  const persist = async (): Promise<void> => {
    writer.flush();
    await record.write({ part: 'features', batches, rows: writer.rows });
  };
  const phase = work.progress.phase('features to cluster', images, 'images', writer.rows);
  try {
    if (writer.rows < images) {
      await shareFeatures(work, batches, async (values) => {
        const kept = values.subarray(0, Math.min(values.length, (images - writer.rows) * width));
        refuseBroken(kept, width, (row) => work.nameOf(writer.rows + row));
        writer.append(kept);
        batches += 1;
        phase.advance(kept.length / width);
        if (record.isDue) await persist();
        return writer.rows === images;
      });
    }
    writer.flush();
    phase.done();
  } catch (error) {
    if (error instanceof Interrupted) await persist();
    throw error;
  } finally {
    writer.close();
  }
  if (writer.rows !== images) throw new Error(`Features of ${writer.rows} images, not ${images}.`);
  await record.write({ part: 'whitened', batches: 0, rows: 0 });
}

function refuseBroken(values: Float32Array, width: number, nameOf: (row: number) => string): void {
  const row = firstNonFiniteRow(values, width);
  if (row < 0) return;
  throw new UserError(`The features of ${nameOf(row)} hold NaN or infinity: the network has diverged`, {
    field: 'schedule.learningRate',
    remedy: 'Lower the learning rate.',
  });
}

/** Fits PCA to the features and writes the rows that k-means sees. The features are then no longer needed. */
async function whiten(work: ClusteringWork, record: ClusteringRecord): Promise<void> {
  const { images, width, components, signal } = work;
  const features = fileRows(record.path(FEATURES), images, width);
  const writer = RowWriter.open(record.path(WHITENED), components, record.position.rows);
  try {
    // Computed again where it was done before: the same features give the same axes.
    const pca = await fitPca(features, { components, progress: work.progress, signal });
    const whitened = projectedRows(features, pca, { normalise: true });
    const phase = work.progress.phase('whitening', images, 'images', writer.rows);
    const chunk = rowsPerChunk(width + components);
    while (writer.rows < images) {
      const count = Math.min(chunk, images - writer.rows);
      writer.append(await whitened.read(writer.rows, count));
      phase.advance(count);
      if (record.isDue || signal.aborted) {
        writer.flush();
        await record.write({ part: 'whitened', batches: 0, rows: writer.rows });
      }
      await stopIfAsked(signal, 'Asked to stop while features were whitened.');
    }
    writer.flush();
    phase.done();
  } finally {
    features.close();
    writer.close();
  }
  await record.write({ part: 'k-means', batches: 0, rows: 0 });
  await record.remove(FEATURES);
}

/** Runs k-means on the whitened rows. They are then no longer needed. */
async function findClusters(work: ClusteringWork, record: ClusteringRecord): Promise<void> {
  const { images, components, signal } = work;
  const path = await fromFirst('rows to cluster', () => record.path(WHITENED));
  const rows = fileRows(path, images, components);
  const state = record.path(KMEANS);
  try {
    const { assignment, centroids, objective } = await kmeans(rows, {
      ...kmeansOptions(work),
      resume: existsSync(state) ? await loadKMeansState(state) : undefined,
      onIteration: async (reached) => {
        if (!record.isDue && !signal.aborted) return;
        await saveKMeansState(state, reached);
        record.written();
      },
    });
    const distances = squaredDistances(rows, assignment, centroids);
    await writeCheckpoint(record.path(RESULT), {
      tensors: new Map([
        ['assignment', { shape: [images], data: assignment }],
        ['distances', { shape: [images], data: distances }],
      ]),
      metadata: { objective },
    });
  } finally {
    rows.close();
  }
  await record.write({ part: 'done', batches: 0, rows: images });
  await record.remove(WHITENED, KMEANS);
}

/** `[rows]` squared distance of each row to the centroid that it is assigned to. */
function squaredDistances(rows: FileRows, assignment: Int32Array, centroids: Float32Array): Float32Array {
  const { width } = rows;
  const distances = new Float32Array(rows.rows);
  const chunk = rowsPerChunk(width);
  for (let start = 0; start < rows.rows; start += chunk) {
    const count = Math.min(chunk, rows.rows - start);
    const values = rows.read(start, count);
    for (let row = 0; row < count; row++) {
      const centroid = assignment[start + row]! * width;
      let sum = 0;
      for (let i = 0; i < width; i++) sum += (values[row * width + i]! - centroids[centroid + i]!) ** 2;
      distances[start + row] = sum;
    }
  }
  return distances;
}
