import { basename } from 'node:path';
import { deriveKey, permutation, type RandomKey } from '@selfsup/engine/random';
import type { StageContext } from '@selfsup/engine/stage';
import { tf } from '@selfsup/engine/tensorflow';
import { featureBlob, openFeatures, type FeatureSet, type FeatureSplit } from './feature-set.ts';
import type { HeadTraining } from './head-config.ts';
import type { HeadBatch, HeadSource } from './head-source.ts';
import { requireNeed } from './require-need.ts';

/** Test images at a time; changes no result. */
const testBatch = 500;

/** Batches of the published features of the config's layer. Throws `UserError` as `openFeatures` does. */
export async function openCachedSource(context: StageContext<HeadTraining>, key: RandomKey): Promise<HeadSource> {
  const input = requireNeed(context, 'features');
  const { layer } = context.config;
  const features = await openFeatures(input, layer);
  const blobs = [featureBlob('train', layer), 'train-labels', featureBlob('test', layer), 'test-labels'];
  const identity = { inputs: blobs.map((blob) => basename(input.blob(blob))), features: features.description };
  const close = async (): Promise<void> => features.close();
  return { ...cachedSource(features, context.config, key), identity, close };
}

/** Batches of features that are read, not computed. The order of an epoch is a function of `key` and the epoch. */
export function cachedSource(
  features: Pick<FeatureSet, 'train' | 'test' | 'shape' | 'classes'>,
  config: Pick<HeadTraining, 'batchSize' | 'dropLast' | 'samplesPerEpoch'>,
  key: RandomKey,
): HeadSource {
  const { train, test, shape, classes } = features;
  const samples = config.samplesPerEpoch ?? train.images;
  const batchesPerEpoch = (config.dropLast ? Math.floor : Math.ceil)(samples / config.batchSize);
  return {
    shape,
    classes,
    trainLabels: train.labels,
    batchesPerEpoch,
    identity: {},
    async *train(epoch) {
      const order = permutation(deriveKey(key, 'order', epoch), samples).map((draw) => draw % train.images);
      for (let batch = 0; batch < batchesPerEpoch; batch++)
        yield batchOf(train, shape, order.subarray(batch * config.batchSize, (batch + 1) * config.batchSize));
    },
    test: () => inOrder(test, shape),
    close: () => Promise.resolve(),
  };
}

/** All images of a part in order, `shape` being that of one image's features. */
export async function* inOrder(part: FeatureSplit, shape: readonly number[]): AsyncGenerator<HeadBatch> {
  for (let start = 0; start < part.images; start += testBatch) {
    const count = Math.min(testBatch, part.images - start);
    yield batchOf(
      part,
      shape,
      Uint32Array.from({ length: count }, (_, i) => start + i),
    );
  }
}

function batchOf(part: FeatureSplit, shape: readonly number[], rows: Uint32Array): HeadBatch {
  const labels = Int32Array.from(rows, (row) => part.labels[row] as number);
  return { features: tf.tensor(part.gather(rows), [rows.length, ...shape]), labels };
}
