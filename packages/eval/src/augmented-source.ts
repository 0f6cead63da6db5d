import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Augment, type ImageSize, outputSize, viewsPerImage } from '@selfsup/data/augment';
import { createLoader } from '@selfsup/data/loader';
import { UserError } from '@selfsup/engine/errors';
import { selectSubset } from '@selfsup/data/subset';
import type { RandomKey } from '@selfsup/engine/random';
import type { StageContext } from '@selfsup/engine/stage';
import type { tf } from '@selfsup/engine/tensorflow';
import { inOrder } from './cached-source.ts';
import { extractSplit } from './extract-split.ts';
import { checkLabels, openFeatureSplit } from './feature-set.ts';
import { extractionBatch, type ImageParts } from './features-config.ts';
import { openFrozenInput, type FrozenInput } from './frozen-input.ts';
import type { HeadTraining } from './head-config.ts';
import type { HeadSource } from './head-source.ts';

/** Settings of heads that see their training images augmented anew in each epoch. */
export type AugmentedConfig = HeadTraining &
  ImageParts & {
    readonly augment: Augment;
    /** Loader threads. Changes no result. */
    readonly workers: number;
  };

/**
 * Batches of training images augmented anew in each epoch, through the frozen encoder up to the config's layer. Order
 * and augmentation are functions of `key`, the epoch and the image; without augmentation the batches are those of the
 * cached features. The test images' features are computed once, un-augmented, into a folder of the work folder that
 * goes with the source, so that they need not fit in memory. Throws `UserError` for an unknown layer, images of
 * another size than the encoder's and images without a label; `Error` for an encoder not in inference mode.
 */
export async function openAugmentedSource(context: StageContext<AugmentedConfig>, key: RandomKey): Promise<HeadSource> {
  const input = await openFrozenInput(context, [context.config.layer], 'layer');
  const folder = join(context.workFolder, 'test-features');
  try {
    return await augmentedSource(context, key, input, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    await input.close();
    throw error;
  }
}

async function augmentedSource(
  context: StageContext<AugmentedConfig>,
  key: RandomKey,
  input: FrozenInput,
  folder: string,
): Promise<HeadSource> {
  const { config, seed } = context;
  const { dataset, frozen, facts } = input;
  const { classes } = dataset.manifest;
  const shape = frozen.shapes[0] as [number, number, number];
  const labels = dataset.labels(config.train.split);
  const indices = selectSubset(labels, config.train.subset, seed);
  const trainLabels = Int32Array.from(indices, (index) => labels[index] as number);
  checkLabels(trainLabels, classes.length, 'train');

  const allTest = selectSubset(dataset.labels(config.test.split), config.test.subset, seed);
  await mkdir(folder, { recursive: true });
  const paths = await extractSplit({
    ...context,
    part: 'test',
    split: config.test.split,
    indices: context.dryRun ? allTest.subarray(0, extractionBatch) : allTest,
    dataset,
    frozen,
    layers: [config.layer],
    batchSize: extractionBatch,
    workers: config.workers,
    workFolder: folder,
  });
  const test = openFeatureSplit((name) => paths[name] as string, 'test', config.layer, classes.length);
  checkView(outputSize(dataset.manifest.image, config.augment), config.augment, frozen);
  const loader = createLoader({ ...config, dataset, split: config.train.split, indices, key, shuffle: true });
  return {
    shape,
    classes,
    trainLabels,
    batchesPerEpoch: loader.batchesPerEpoch,
    identity: facts,
    async *train(epoch) {
      for await (const batch of loader.epoch(epoch)) {
        const [features] = frozen.apply(batch.images, batch.labels.length) as [tf.Tensor];
        yield { features, labels: batch.labels };
      }
      frozen.assertUnchanged();
    },
    test: () => inOrder(test, shape),
    async close() {
      await loader.close();
      test.close();
      await rm(folder, { recursive: true, force: true });
      await input.close();
    },
  };
}

/** Throws `UserError` where training would not see the encoder's size, or more than one view of an image. */
function checkView(size: ImageSize, augment: Augment, { input }: FrozenInput['frozen']): void {
  if (size.height === input.height && size.width === input.width && viewsPerImage(augment) === 1) return;
  throw new UserError(`The training views are ${size.height} × ${size.width}, the encoder takes ${input.height}`, {
    field: 'augment',
    remedy: `Use one crop of ${input.height} pixels.`,
  });
}
