import type { tf } from '@selfsup/engine/tensorflow';

/** Features with their labels. Whoever takes a batch disposes of its tensor. */
export interface HeadBatch {
  /** `[batch, height, width, channels]`. */
  readonly features: tf.Tensor;
  /** `[batch]` class indices. */
  readonly labels: Int32Array;
}

/** Where the batches come from that a head is trained and tested on. */
export interface HeadSource {
  /** `[height, width, channels]` of the features. */
  readonly shape: readonly [number, number, number];
  readonly classes: readonly string[];
  /** Class indices of the training images, each image once. */
  readonly trainLabels: Int32Array;
  readonly batchesPerEpoch: number;
  /** As JSON, what the batches are a function of beside the stage's config and seed. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** The training batches of an epoch, a function of the epoch. Leaving the loop early is safe. */
  train(epoch: number): AsyncIterable<HeadBatch>;
  /** The test images, in order. Leaving the loop early is safe. */
  test(): AsyncIterable<HeadBatch>;
  close(): Promise<void>;
}
