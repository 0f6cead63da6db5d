import { deriveKey, permutation, type RandomKey } from '@selfsup/engine/random';
import type { Augment } from './augment.ts';
import { type Batch, type BatchRequest, makeBatch } from './batch-maker.ts';
import type { Dataset } from './dataset.ts';
import { type BatchMaker, startWorkers } from './loader-workers.ts';

export type { Batch } from './batch-maker.ts';

export interface LoaderOptions {
  readonly dataset: Dataset;
  readonly split: string;
  /** Indices into the split; all of it by default. */
  readonly indices?: Uint32Array | undefined;
  readonly batchSize: number;
  /** Order and augmentation are functions of this key, the epoch and the sample. */
  readonly key: RandomKey;
  readonly shuffle: boolean;
  readonly augment: Augment;
  /** Whether the last batch of an epoch is left out when it is not full. */
  readonly dropLast: boolean;
  /** Worker threads that read and augment ahead of the step; 0 does it in this thread, on request. */
  readonly workers: number;
  /**
   * Draws an epoch makes; the number of indices by default. More of them go through the indices again, with other
   * augmentations (RotNet's semi-supervised protocol: 50,000 draws from any subset).
   */
  readonly samplesPerEpoch?: number | undefined;
}

/** Gives the batches of an epoch, always the same ones for the same options and epoch, for any worker count. */
export interface Loader {
  readonly batchesPerEpoch: number;
  /** The batches of one epoch from `startBatch` on. Leaving the loop early is safe; errors of workers are thrown. */
  epoch(epoch: number, startBatch?: number): AsyncIterableIterator<Batch>;
  /** Ends the worker threads; the data set stays open. */
  close(): Promise<void>;
}

/** Batches under way per worker: enough to hide one slow batch, and a bound on memory. */
const aheadPerWorker = 3;

function inThisThread(options: LoaderOptions): BatchMaker {
  return {
    make: (request) =>
      Promise.resolve().then(() => makeBatch(options.dataset, options.split, request, options.augment, options.key)),
    close: () => Promise.resolve(),
  };
}

/**
 * A loader over a split or part of it. Throws `RangeError` for sizes that make no sense and `UserError` for an
 * unknown split.
 */
export function createLoader(options: LoaderOptions): Loader {
  const { dataset, split, batchSize, key, workers } = options;
  const count = dataset.count(split);
  const chosen = options.indices ?? Uint32Array.from({ length: count }, (_, i) => i);
  const samples = options.samplesPerEpoch ?? chosen.length;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`Batch size ${batchSize}`);
  if (chosen.some((index) => index >= count)) throw new RangeError(`An index lies outside the ${count} of ${split}`);
  if (samples > 0 && chosen.length === 0) throw new RangeError('No images to draw from');
  const batchesPerEpoch = options.dropLast ? Math.floor(samples / batchSize) : Math.ceil(samples / batchSize);

  let maker: BatchMaker | undefined;
  const start = (): BatchMaker =>
    (maker ??=
      workers === 0
        ? inThisThread(options)
        : startWorkers(workers, { folder: dataset.folder, split, augment: options.augment, key }));

  const requestFor = (epoch: number, order: Uint32Array | undefined, batch: number): BatchRequest => {
    const from = batch * batchSize;
    const size = Math.min(batchSize, samples - from);
    const indices = new Uint32Array(size);
    const sampleNumbers = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const draw = order === undefined ? from + i : order[from + i]!;
      const index = chosen[draw % chosen.length]!;
      indices[i] = index;
      sampleNumbers[i] = index + count * Math.floor(draw / chosen.length);
    }
    return { epoch, indices, samples: sampleNumbers };
  };

  async function* epochBatches(epoch: number, startBatch: number): AsyncIterableIterator<Batch> {
    const making = start();
    const order = options.shuffle ? permutation(deriveKey(key, 'order', epoch), samples) : undefined;
    const ahead = Math.max(1, workers * aheadPerWorker);
    const underWay: Promise<Batch>[] = [];
    let next = startBatch;
    const fill = (): void => {
      while (underWay.length < ahead && next < batchesPerEpoch) {
        const batch = making.make(requestFor(epoch, order, next++));
        batch.catch(() => undefined); // awaited in its turn; until then no unhandled rejection
        underWay.push(batch);
      }
    };
    try {
      while (next < batchesPerEpoch || underWay.length > 0) {
        fill();
        const batch = await underWay.shift()!;
        if (workers > 0) fill(); // the workers go on while the consumer has this batch
        yield batch;
      }
    } finally {
      await Promise.allSettled(underWay);
    }
  }

  return {
    batchesPerEpoch,
    epoch: (epoch, startBatch = 0) => epochBatches(epoch, startBatch),
    close: async () => {
      const closing = maker;
      maker = undefined;
      await closing?.close();
    },
  };
}
