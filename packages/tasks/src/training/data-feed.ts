import { measuringView, outputSize, viewsPerImage, type Augment, type ImageSize } from '@selfsup/data/augment';
import type { Dataset } from '@selfsup/data/dataset';
import { createLoader, cutBatch, type Batch, type Loader, type LoaderOptions } from '@selfsup/data/loader';
import { chosenImages } from '@selfsup/data/subset';
import { batchShare } from '@selfsup/engine/cluster';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey, randomKey, type RandomKey } from '@selfsup/kit/random';
import { stopIfAsked } from '@selfsup/kit/stage';
import type { Feed } from '@selfsup/trainer/trainee';
import type { TrainingConfig } from './training-config.ts';

const EVALUATION_BATCH = 256;

/** Batches of one training, all functions of the config and the seed. */
export class DataFeed implements Feed<Batch> {
  readonly indices: Uint32Array;
  readonly batchesPerEpoch: number;
  /** Size of the images of all batches. */
  readonly size: ImageSize;
  readonly #plainView: Augment;
  readonly #dataset: Dataset;
  readonly #config: TrainingConfig;
  readonly #key: RandomKey;
  readonly #signal: AbortSignal;
  #loader: Loader;
  #planned: Loader | undefined;

  /** Throws `UserError` for a split or a subset that there is not, and for views that do not fit together. */
  constructor(dataset: Dataset, config: TrainingConfig, seed: number, signal: AbortSignal) {
    this.#dataset = dataset;
    this.#signal = signal;
    this.#config = config;
    this.#key = randomKey(seed, 'data');
    this.size = outputSize(dataset.manifest.image, config.data.augment, 'data.augment');
    this.#plainView = plainViewOf(dataset, config, this.size);
    this.indices = chosenImages(dataset, config.data, seed, 'data');
    this.#loader = this.#sharing(this.indices);
    this.batchesPerEpoch = this.#loader.batchesPerEpoch;
  }

  /** Throws `UserError` where an epoch does not fill one batch, so that nothing could be trained. */
  requireBatch(): void {
    if (this.batchesPerEpoch > 0) return;
    const { data, batchSize } = this.#config;
    const draws =
      data.samplesPerEpoch === undefined ? `${this.indices.length} training images` : `${data.samplesPerEpoch} draws`;
    throw new UserError(`${draws} do not fill a batch of ${batchSize}`, {
      field: 'batchSize',
      remedy: "Make the batch smaller, or raise 'data.samplesPerEpoch' to go through the images several times.",
    });
  }

  readonly cut = cutBatch;

  /**
   * Augmented training batches of an epoch, or of each the share of this process; `indices` of an epoch's plan take the place of
   * the subset.
   */
  async *epoch(epoch: number, startBatch: number, indices: Uint32Array | undefined): AsyncIterableIterator<Batch> {
    if (startBatch >= this.batchesPerEpoch) return;
    await this.#planned?.close();
    this.#planned = indices && this.#sharing(indices, true);
    yield* (this.#planned ?? this.#loader).epoch(epoch, startBatch);
  }

  /**
   * All images of a split or of the training subset, un-augmented and in order, from a batch on, or every so many. Throws
   * `Interrupted` between batches when asked to stop.
   */
  async *plain(split: string, indices?: Uint32Array, from = 0, every = 1): AsyncIterableIterator<Batch> {
    const loader = createLoader({
      dataset: this.#dataset,
      split,
      indices,
      batchSize: EVALUATION_BATCH,
      key: deriveKey(this.#key, 'plain'),
      shuffle: false,
      augment: this.#plainView,
      dropLast: false,
      workers: this.#config.data.workers,
    });
    try {
      for await (const batch of loader.everyOf(0, from, every)) {
        await stopIfAsked(this.#signal, 'Asked to stop between batches of an evaluation.');
        yield batch;
      }
    } finally {
      await loader.close();
    }
  }

  /**
   * `count` augmented training batches from `startBatch` on, drawn by a key of their own in random order. Throws
   * `Interrupted` between batches when asked to stop.
   */
  async *random(key: RandomKey, count: number, startBatch = 0): AsyncIterableIterator<Batch> {
    const loader = this.#training(this.indices, { key });
    try {
      for (let next = startBatch; next < count;) {
        const epoch = Math.floor(next / loader.batchesPerEpoch);
        for await (const batch of loader.epoch(epoch, next % loader.batchesPerEpoch)) {
          await stopIfAsked(this.#signal, 'Asked to stop between batches.');
          yield batch;
          if (++next === count) break;
        }
      }
    } finally {
      await loader.close();
    }
  }

  async close(): Promise<void> {
    await this.#planned?.close();
    await this.#loader.close();
  }

  /** Batches of which each process makes the parts that it computes. */
  #sharing(indices: Uint32Array, anew = false): Loader {
    return this.#training(indices, { anew, share: batchShare() });
  }

  #training(indices: Uint32Array, { key = this.#key, ...more }: Partial<LoaderOptions> = {}): Loader {
    const { split, augment, workers, samplesPerEpoch } = this.#config.data;
    return createLoader({
      dataset: this.#dataset,
      split,
      indices,
      batchSize: this.#config.batchSize,
      key,
      shuffle: true,
      augment,
      dropLast: true,
      workers,
      // A plan's indices may be fewer or more; the epoch keeps its length, on which the schedule rests.
      samplesPerEpoch: samplesPerEpoch ?? this.indices.length,
      ...more,
    });
  }
}

/** The view for measuring. Throws `UserError` where it has another size than the training view, or ten crops. */
function plainViewOf(dataset: Dataset, { data }: TrainingConfig, size: ImageSize): Augment {
  if (viewsPerImage(data.augment) > 1) {
    throw new UserError('Training takes one view of each image, not ten', {
      field: 'data.augment.tenCrop',
      remedy: 'Use randomCrop or randomResizedCrop.',
    });
  }
  const view = data.plainView ?? measuringView(dataset.manifest.image, size);
  const plain = outputSize(dataset.manifest.image, view, 'data.plainView');
  if (plain.height === size.height && plain.width === size.width && viewsPerImage(view) === 1) return view;
  throw new UserError(`Measuring would see ${plain.height} × ${plain.width}, training ${size.height} × ${size.width}`, {
    field: 'data.plainView',
    remedy: 'Give both the same size, one view each.',
  });
}
