import type { RandomKey } from '@selfsup/engine/random';
import { type Augment, augmentBatch } from './augment.ts';
import type { Dataset } from './dataset.ts';

/** One batch as the training step takes it. Its arrays belong to the consumer: nothing writes to them again. */
export interface Batch {
  /** [batch, height, width, channels], 0..255. */
  readonly images: Uint8Array;
  readonly shape: readonly [number, number, number, number];
  /** [batch] class indices, -1 for none. */
  readonly labels: Int32Array;
  /** [batch] indices into the split. */
  readonly indices: Uint32Array;
}

/** What a worker needs to make one batch. */
export interface BatchRequest {
  readonly epoch: number;
  /** Indices into the split, [batch]. */
  readonly indices: Uint32Array;
  /** Sample numbers that augmentation draws are keyed by, [batch]. */
  readonly samples: Float64Array;
}

/** Reads and augments one batch; a function of its arguments and the data set alone. */
export function makeBatch(
  dataset: Dataset,
  split: string,
  request: BatchRequest,
  augment: Augment,
  key: RandomKey,
): Batch {
  const { height, width, channels } = dataset.manifest.image;
  const bytes = height * width * channels;
  const { indices } = request;
  const raw = new Uint8Array(indices.length * bytes);
  const allLabels = dataset.labels(split);
  const labels = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    dataset.readInto(split, index, raw, i * bytes);
    labels[i] = allLabels[index]!;
  }
  const images = augmentBatch(raw, dataset.manifest.image, request.samples, augment, key, request.epoch);
  return { images, shape: [indices.length, height, width, channels], labels, indices };
}
