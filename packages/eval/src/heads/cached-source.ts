import { basename } from 'node:path';
import { batchShare } from '@selfsup/engine/cluster';
import { copiedToDevice } from '@selfsup/engine/device-tensor';
import { epochDraws, type RandomKey } from '@selfsup/kit/random';
import type { StageContext } from '@selfsup/kit/stage';
import { featureBlob, openFeatures, type FeatureSet, type FeatureSplit } from '../features/feature-set.ts';
import { refuseEmptyClass } from '../measures/empty-classes.ts';
import { requireNeed } from '../measures/require-need.ts';
import type { HeadTraining } from './head-config.ts';
import type { BatchSettings, FeatureShape, HeadBatch, HeadSource } from './head-source.ts';

/** Test images at a time; changes no result. */
const testBatch = 500;

/** Batches of the published features of the config's layer. Throws `UserError` as `openFeatures` does. */
export async function openCachedSource(context: StageContext<HeadTraining>, key: RandomKey): Promise<HeadSource> {
  const { source } = await openCachedLayers(context, [context.config.layer], 'layer', () => context.config, key);
  return source;
}

/**
 * Batches of the published features of several layers, which the config names in `field`. `settingsFor` says how they
 * are cut, given the features. Throws `UserError` as `openFeatures` does and for a class without training images.
 */
export async function openCachedLayers<Settings extends BatchSettings>(
  context: Pick<StageContext<never>, 'needs' | 'extent'>,
  layers: readonly string[],
  field: string,
  settingsFor: (features: readonly FeatureSet[]) => Settings,
  key: RandomKey,
): Promise<{ readonly source: HeadSource; readonly settings: Settings }> {
  const input = requireNeed(context, 'features');
  const features: FeatureSet[] = [];
  const close = (): void => features.forEach((one) => one.close());
  try {
    for (const layer of layers) features.push(await openFeatures(input, layer, field));
    const { classes, train, description } = features[0]!;
    refuseEmptyClass({ classes, trainLabels: train.labels, absent: description.absent }, context.extent);
    const blobs = layers.flatMap((layer) => [featureBlob('train', layer), featureBlob('test', layer)]);
    const inputs = [...blobs, 'train-labels', 'test-labels'].map((blob) => basename(input.blob(blob)));
    const identity = { inputs, features: features[0]?.description };
    const settings = settingsFor(features);
    const source = { ...cachedSource(features, settings, key), identity, close: () => Promise.resolve(close()) };
    return { source, settings };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Batches of features that are read, not computed, of one or several layers of the same images. The order of an epoch is
 * a function of `key` and the epoch.
 */
export function cachedSource(
  features: readonly Pick<FeatureSet, 'train' | 'test' | 'shape' | 'classes'>[],
  config: BatchSettings,
  key: RandomKey,
): HeadSource {
  const { train, classes } = features[0] as FeatureSet;
  const shapes = features.map(({ shape }) => shape);
  const samples = config.samplesPerEpoch ?? train.images;
  const batchesPerEpoch = (config.dropLast ? Math.floor : Math.ceil)(samples / config.batchSize);
  const parts = features.map((one) => one.train);
  return {
    shapes,
    classes,
    trainLabels: train.labels,
    batchesPerEpoch,
    testViews: 1,
    identity: {},
    async *train(epoch, startBatch) {
      const memory = memoryFor(shapes, config.batchSize);
      const order = epochDraws(key, epoch, samples, train.images).map((draw) => draw % train.images);
      const { index, of } = batchShare() ?? { index: 0, of: 1 };
      for (let batch = startBatch; batch < batchesPerEpoch; batch++) {
        const rows = order.subarray(batch * config.batchSize, (batch + 1) * config.batchSize);
        const each = rows.length / of;
        yield batchOf(parts, shapes, rows.subarray(index * each, (index + 1) * each), memory);
      }
    },
    test: (...turn) =>
      inOrder(
        features.map((one) => one.test),
        shapes,
        ...turn,
      ),
    close: () => Promise.resolve(),
  };
}

/** All images of a part in order, or every so many batches from one on; `parts` and `shapes` hold one entry for each layer. */
export async function* inOrder(
  parts: readonly FeatureSplit[],
  shapes: readonly FeatureShape[],
  from = 0,
  every = 1,
): AsyncGenerator<HeadBatch> {
  const { images } = parts[0] as FeatureSplit;
  const memory = memoryFor(shapes, Math.min(testBatch, images));
  for (let start = from * testBatch; start < images; start += every * testBatch) {
    const rows = Uint32Array.from({ length: Math.min(testBatch, images - start) }, (_, i) => start + i);
    yield batchOf(parts, shapes, rows, memory);
  }
}

/** Where batches are read to, one after another: fresh memory for each would cost more than reading it. */
function memoryFor(shapes: readonly FeatureShape[], images: number): Float32Array[] {
  return shapes.map((shape) => new Float32Array(shape.reduce((a, b) => a * b, images)));
}

function batchOf(
  parts: readonly FeatureSplit[],
  shapes: readonly FeatureShape[],
  rows: Uint32Array,
  memory: readonly Float32Array[],
): HeadBatch {
  const labels = Int32Array.from(rows, (row) => (parts[0] as FeatureSplit).labels[row] as number);
  const values = parts.map((part, i) => part.gather(rows, memory[i])); // before any tensor is made: reading may throw
  const features = values.map((one, i) => copiedToDevice(one, [rows.length, ...(shapes[i] as FeatureShape)]));
  return { features, labels };
}
