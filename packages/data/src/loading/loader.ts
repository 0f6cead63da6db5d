import { epochDraws, type RandomKey } from '@selfsup/kit/random';
import type { Dataset } from '../dataset.ts';
import { startPool, type WorkerPool } from '../workers/worker-pool.ts';
import { outputSize, viewsPerImage, type Augment } from './augment.ts';
import { makeBatch, type Batch, type BatchRequest } from './batch-maker.ts';
import type { LoaderSetup, SlotRequest } from './loader-worker.ts';
import { giveBackSlots, takeSlots } from './slot-memory.ts';

export type { Batch } from './batch-maker.ts';
export { cutBatch } from './cut-batch.ts';

export interface LoaderOptions {
  readonly dataset: Dataset;
  readonly split: string;
  /** Indices into the split; all of it by default. One that is named several times is augmented anew each time. */
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
   * augmentations (RotNet's semi-supervised protocol: 50,000 draws from any subset); the next epoch goes on where they end.
   */
  readonly samplesPerEpoch?: number | undefined;
  /** The indices are those of one epoch, made for it: it begins with a pass of its own. */
  readonly anew?: boolean | undefined;
  /** Of each batch, the part `index` of `of` equal ones: what one of several processes makes. All of it where absent. */
  readonly share?: { readonly index: number; readonly of: number } | undefined;
}

/** Gives the batches of an epoch, always the same ones for the same options and epoch, for any worker count. */
export interface Loader {
  readonly batchesPerEpoch: number;
  /** The batches of one epoch from `startBatch` on. Leaving the loop early is safe; errors of workers are thrown. */
  epoch(epoch: number, startBatch?: number): AsyncIterableIterator<Batch>;
  /** Of these, every so many. */
  everyOf(epoch: number, startBatch: number, every: number): AsyncIterableIterator<Batch>;
  /** Gives back the worker threads and the memory of its batches; the dataset stays open. */
  close(): Promise<void>;
}

/** Batches under way per worker: enough to hide one slow batch, and a bound on memory. */
const aheadPerWorker = 3;

/** Writes the images of a batch into a slot. */
interface SlotMaker {
  /** Memory for a batch each. */
  readonly slots: readonly Uint8Array[];
  make(request: SlotRequest): Promise<void>;
  close(): Promise<void>;
}

function slotMaker(options: LoaderOptions, batchBytes: number): SlotMaker {
  const { dataset, split, augment, key, workers } = options;
  if (workers === 0) {
    const slots = [new Uint8Array(batchBytes)];
    return {
      slots,
      make: (request) => Promise.resolve().then(() => makeBatch(options, request, slots[request.slot]!)),
      close: () => Promise.resolve(),
    };
  }
  // One more than the workers have to do while the consumer holds one.
  const shared = takeSlots(workers * aheadPerWorker + 1, batchBytes);
  const setup: LoaderSetup = { folder: dataset.folder, split, augment, key, slots: shared };
  const pool: WorkerPool<SlotRequest, undefined> = startPool(
    workers,
    new URL('./loader-worker.ts', import.meta.url),
    setup,
  );
  return {
    slots: shared.map((buffer) => new Uint8Array(buffer)),
    make: (request) => pool.ask(request),
    close: async () => {
      await pool.close();
      giveBackSlots(shared);
    },
  };
}

/** How often the index at a place came before it, and how often any index comes at most. */
function occurrences(indices: Uint32Array): { occurrence: (place: number) => number; most: number } {
  const seen = new Map<number, number>();
  const before = Uint32Array.from(indices, (index) => {
    const times = seen.get(index) ?? 0;
    seen.set(index, times + 1);
    return times;
  });
  const most = before.reduce((a, b) => Math.max(a, b), 0) + 1;
  return { occurrence: (place) => before[place]!, most };
}

/**
 * A loader over a split or part of it. Its workers write into shared memory ahead of the consumer, never more than a few
 * batches; a batch's images are valid until the next batch is asked for or the loader is closed. Throws `RangeError` for
 * sizes that make no sense, a share of batches that are not all of one size among them, and `UserError` for an unknown
 * split, and for images of varying size where `augment` gives them none.
 */
export function createLoader(options: LoaderOptions): Loader {
  const { dataset, split, batchSize, key, share = { index: 0, of: 1 } } = options;
  const count = dataset.count(split);
  const chosen = options.indices ?? Uint32Array.from({ length: count }, (_, i) => i);
  const samples = options.samplesPerEpoch ?? chosen.length;
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`Batch size ${batchSize}`);
  if (share.of > 1 && (batchSize % share.of > 0 || !options.dropLast)) {
    throw new RangeError(`Batches of at most ${batchSize} cannot be shared by ${share.of}`);
  }
  if (chosen.some((index) => index >= count)) throw new RangeError(`An index lies outside the ${count} of ${split}`);
  if (samples > 0 && chosen.length === 0) throw new RangeError('No images to draw from');
  const batchesPerEpoch = options.dropLast ? Math.floor(samples / batchSize) : Math.ceil(samples / batchSize);

  const size = outputSize(dataset.manifest.image, options.augment);
  const views = viewsPerImage(options.augment);
  const imageBytes = size.height * size.width * size.channels;
  const allLabels = dataset.labels(split);
  const { occurrence, most } = occurrences(chosen);

  let maker: SlotMaker | undefined;
  const start = (): SlotMaker => (maker ??= slotMaker(options, (batchSize / share.of) * views * imageBytes));

  const firstOf = (batch: number): number =>
    batch * batchSize + (share.index * Math.min(batchSize, samples - batch * batchSize)) / share.of;

  const requestFor = (epoch: number, order: Uint32Array | undefined, batch: number): BatchRequest => {
    const size = Math.min(batchSize, samples - batch * batchSize) / share.of;
    const from = firstOf(batch);
    const indices = new Uint32Array(size);
    const sampleNumbers = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const draw = order === undefined ? from + i : order[from + i]!;
      const index = chosen[draw % chosen.length]!;
      indices[i] = index;
      const pass = Math.floor(draw / chosen.length);
      sampleNumbers[i] = index + count * (pass * most + occurrence(draw % chosen.length));
    }
    return { epoch, indices, samples: sampleNumbers };
  };

  const batchOf = (slot: Uint8Array, { indices }: BatchRequest, batch: number): Batch => {
    const images = indices.length * views;
    return {
      images: slot.subarray(0, images * imageBytes),
      shape: [images, size.height, size.width, size.channels],
      views,
      labels: Int32Array.from(indices, (index) => allLabels[index]!),
      indices,
      first: firstOf(batch),
    };
  };

  let isRunning = false;
  async function* epochBatches(epoch: number, startBatch: number, every: number): AsyncIterableIterator<Batch> {
    if (isRunning) throw new Error('An epoch of this loader is under way: its batches share memory with this one');
    const making = start();
    isRunning = true;
    const order = options.shuffle ? epochDraws(key, epoch, samples, chosen.length, options.anew) : undefined;
    const free = making.slots.map((_, slot) => slot);
    const underWay: { slot: number; batch: number; request: BatchRequest; made: Promise<void> }[] = [];
    let next = startBatch;
    const fill = (): void => {
      while (free.length > 0 && next < batchesPerEpoch) {
        const slot = free.pop()!;
        const batch = next;
        next += every;
        const request = requestFor(epoch, order, batch);
        const made = making.make({ ...request, slot });
        made.catch(() => undefined); // awaited in its turn; until then no unhandled rejection
        underWay.push({ slot, batch, request, made });
      }
    };
    try {
      fill();
      for (let current = underWay.shift(); current !== undefined; current = underWay.shift()) {
        await current.made;
        if (maker !== making) throw new Error('This loader was closed while an epoch of it was under way');
        yield batchOf(making.slots[current.slot]!, current.request, current.batch);
        free.push(current.slot); // the consumer asks for the next: it is done with this one
        fill();
      }
    } finally {
      await Promise.allSettled(underWay.map(({ made }) => made));
      isRunning = false;
    }
  }

  return {
    batchesPerEpoch,
    epoch: (epoch, startBatch = 0) => epochBatches(epoch, startBatch, 1),
    everyOf: epochBatches,
    close: async () => {
      const closing = maker;
      maker = undefined;
      await closing?.close();
    },
  };
}
