import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { outputSize, viewsPerImage, type Augment } from '@selfsup/data/augment';
import { createLoader } from '@selfsup/data/loader';
import { chosenImages } from '@selfsup/data/subset';
import { UserError } from '@selfsup/kit/errors';
import type { StageContext } from '@selfsup/kit/stage';
import { inOrder } from '../heads/cached-source.ts';
import type { FeatureShape, HeadBatch } from '../heads/head-source.ts';
import { extractSplit } from './extract-split.ts';
import { checkLabels, openFeatureSplit, type OpenSplit } from './feature-set.ts';
import { extractionBatch, type ImageSplits } from './features-config.ts';
import type { FrozenInput } from './frozen-input.ts';

/** The test images of heads whose training images go through the encoder. */
export interface TestImages {
  /** Views of each image. */
  readonly views: number;
  /** All images in order, or every so many batches of them from one on. */
  batches(from?: number, every?: number): AsyncIterable<HeadBatch>;
  close(): Promise<void>;
}

interface TestSettings extends ImageSplits {
  readonly workers: number;
}

/**
 * Test images whose features, un-augmented, are computed once into a folder of the work folder that goes with them, so
 * that they need not fit in memory.
 */
export async function storedTest(
  context: StageContext<unknown>,
  { dataset, frozen }: FrozenInput,
  layers: readonly string[],
  settings: TestSettings,
): Promise<TestImages> {
  const folder = join(context.workFolder, 'test-features');
  const parts: OpenSplit[] = [];
  const close = async (): Promise<void> => {
    for (const part of parts) part.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { split } = settings.test;
    const all = chosenImages(dataset, settings.test, context.seed, 'test');
    const indices = all.subarray(0, context.extent.batches * extractionBatch);
    await mkdir(folder, { recursive: true });
    const { workers } = settings;
    const where = { part: 'test' as const, split, indices, batchSize: extractionBatch, workers, workFolder: folder };
    const paths = await extractSplit({ ...context, ...where, dataset, frozen, layers });
    const classes = dataset.manifest.classes.length;
    for (const layer of layers) parts.push(openFeatureSplit((name) => paths[name] as string, 'test', layer, classes));
  } catch (error) {
    await close();
    throw error;
  }
  return { views: 1, batches: (...turn) => inOrder(parts, frozen.shapes as readonly FeatureShape[], ...turn), close };
}

/**
 * Test images that go through the encoder each time they are asked for, in the views of `settings.testView`: where there
 * are many layers or views, their features would need too much room.
 */
export function liveTest(
  context: StageContext<unknown>,
  { dataset, frozen }: FrozenInput,
  _layers: readonly string[],
  settings: TestSettings & { readonly testView: Augment },
): Promise<TestImages> {
  const { split } = settings.test;
  const indices = chosenImages(dataset, settings.test, context.seed, 'test');
  const labels = dataset.labels(split);
  checkLabels(
    Int32Array.from(indices, (index) => labels[index] as number),
    dataset.manifest.classes.length,
    'test',
  );
  const size = outputSize(dataset.manifest.image, settings.testView);
  if (size.height !== frozen.input.height || size.width !== frozen.input.width)
    throw new UserError(`The test views are ${size.height} × ${size.width}, the encoder takes ${frozen.input.height}`, {
      field: 'testView',
      remedy: `Use crops of ${frozen.input.height} pixels.`,
    });
  const views = viewsPerImage(settings.testView);
  const loader = createLoader({
    dataset,
    split,
    indices,
    batchSize: Math.max(1, Math.floor(extractionBatch / views)),
    key: [0, 0],
    shuffle: false,
    augment: settings.testView,
    dropLast: false,
    workers: settings.workers,
  });
  let asserted = false;
  return Promise.resolve({
    views,
    async *batches(from = 0, every = 1) {
      for await (const batch of loader.everyOf(0, from, every)) {
        const images = batch.shape[0] as number;
        if (!asserted && images > 1) frozen.assertInference(batch.images, images);
        asserted = true;
        yield { features: frozen.apply(batch.images, images), labels: batch.labels };
      }
    },
    close: () => loader.close(),
  });
}
