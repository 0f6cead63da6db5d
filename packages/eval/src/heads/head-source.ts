import type { tf } from '@selfsup/engine/tensorflow';
import type { FeatureShape } from '@selfsup/models/heads';

export type { FeatureShape };

/** Features with their labels. Whoever takes a batch disposes of its tensors. */
export interface HeadBatch {
  /** For each layer `[images · views, height, width, channels]`, the views of an image one after another. */
  readonly features: readonly tf.Tensor[];
  /** `[images]` class indices. */
  readonly labels: Int32Array;
}

/** Where the batches come from that heads are trained and tested on. */
export interface HeadSource {
  /** Of each layer. */
  readonly shapes: readonly FeatureShape[];
  readonly classes: readonly string[];
  /** Class indices of the training images, each image once. */
  readonly trainLabels: Int32Array;
  readonly batchesPerEpoch: number;
  /** Views of each test image, such as the 10 of a ten-crop; training images have one. */
  readonly testViews: number;
  /** As JSON, what the batches are a function of beside the stage's config and seed. */
  readonly identity: Readonly<Record<string, unknown>>;
  /**
   * The training batches of an epoch from `startBatch` on, a function of the epoch; where several processes share the stage, this
   * one's share of each. Leaving the loop early is safe.
   */
  train(epoch: number, startBatch: number): AsyncIterable<HeadBatch>;
  /** The test images, in order, or every so many batches of them from one on. Leaving the loop early is safe. */
  test(from?: number, every?: number): AsyncIterable<HeadBatch>;
  close(): Promise<void>;
}

/** How the batches of an epoch are cut. */
export interface BatchSettings {
  readonly batchSize: number;
  /** Parts of a batch that are computed apart; 1 where absent. */
  readonly replicas?: number | undefined;
  /** Leave out the last batch of an epoch where it would be smaller. */
  readonly dropLast: boolean;
  /** Draws that make an epoch; the number of images where absent. */
  readonly samplesPerEpoch?: number | undefined;
}
