import { outputSize, viewsPerImage, type Augment, type ImageSize } from '@selfsup/data/augment';
import { createLoader, cutBatch, type Batch } from '@selfsup/data/loader';
import { chosenImages } from '@selfsup/data/subset';
import { batchShare } from '@selfsup/engine/cluster';
import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import type { RandomKey } from '@selfsup/kit/random';
import type { StageContext } from '@selfsup/kit/stage';
import { checkLabels } from '../features/feature-set.ts';
import type { ImageSplits } from '../features/features-config.ts';
import { openFrozenInput, type FrozenInput } from '../features/frozen-input.ts';
import { storedTest, type TestImages } from '../features/test-images.ts';
import { classesAbsentFrom, refuseEmptyClass } from '../measures/empty-classes.ts';
import type { HeadTraining } from './head-config.ts';
import type { BatchSettings, FeatureShape, HeadSource } from './head-source.ts';

/** Settings of heads that see their training images augmented anew in each epoch. */
export type AugmentedSettings = BatchSettings &
  ImageSplits & {
    readonly augment: Augment;
    /** Loader threads. Changes no result. */
    readonly workers: number;
  };
export type AugmentedConfig = HeadTraining & AugmentedSettings;

/**
 * Batches of augmented training images through the frozen encoder up to the config's layer. Throws as
 * `openAugmentedLayers` does.
 */
export async function openAugmentedSource(context: StageContext<AugmentedConfig>, key: RandomKey): Promise<HeadSource> {
  const { config } = context;
  const { source } = await openAugmentedLayers(context, [config.layer], 'layer', () => config, storedTest, key);
  return source;
}

/** Makes the test images ready, given what goes through the encoder and how. */
export type OpenTest<Settings> = (
  context: StageContext<unknown>,
  input: FrozenInput,
  layers: readonly string[],
  settings: Settings,
) => Promise<TestImages>;

/**
 * Batches of training images augmented anew in each epoch, through the frozen encoder up to each of `layers`, which the
 * config names in `field`. Order and augmentation are functions of `key`, the epoch and the image; without augmentation
 * the batches are those of the cached features. `settingsFor` gives the settings for an encoder and dataset.
 * Throws `UserError` for an unknown layer, images of another size than the encoder's, images without a label and classes
 * without images, before any image goes through the encoder; `Error` for an encoder not in inference mode.
 */
export async function openAugmentedLayers<Settings extends AugmentedSettings>(
  context: StageContext<unknown>,
  layers: readonly string[],
  field: string,
  settingsFor: (input: FrozenInput) => Settings,
  openTest: OpenTest<Settings>,
  key: RandomKey,
): Promise<{ readonly source: HeadSource; readonly settings: Settings }> {
  const input = await openFrozenInput(context, layers, field);
  let test: TestImages | undefined;
  try {
    const settings = settingsFor(input);
    const { dataset, frozen, facts } = input;
    const { classes } = dataset.manifest;
    const { split } = settings.train;
    const labels = dataset.labels(split);
    const indices = chosenImages(dataset, settings.train, context.seed, 'train');
    const trainLabels = Int32Array.from(indices, (index) => labels[index] as number);
    checkLabels(trainLabels, classes.length, 'train');
    refuseEmptyClass({ classes, trainLabels, absent: classesAbsentFrom(split, dataset) });
    checkView(outputSize(dataset.manifest.image, settings.augment), settings.augment, frozen);
    const testImages = await openTest(context, input, layers, settings);
    test = testImages;
    const share = batchShare();
    const parts = (settings.replicas ?? 1) / (share?.of ?? 1);
    const loader = createLoader({ ...settings, dataset, split, indices, key, share, shuffle: true });
    const source: HeadSource = {
      shapes: frozen.shapes as readonly FeatureShape[],
      classes,
      trainLabels,
      batchesPerEpoch: loader.batchesPerEpoch,
      testViews: testImages.views,
      identity: facts,
      async *train(epoch, startBatch) {
        for await (const batch of loader.epoch(epoch, startBatch))
          yield { features: featuresOf(batch, frozen, parts), labels: batch.labels };
        frozen.assertUnchanged();
      },
      test: testImages.batches,
      async close() {
        await loader.close();
        await testImages.close();
        await input.close();
      },
    };
    return { source, settings };
  } catch (error) {
    await test?.close();
    await input.close();
    throw error;
  }
}

/** Each part of a batch goes through the encoder by itself, so that it gives the same bits in whatever process. */
function featuresOf(batch: Batch, frozen: FrozenInput['frozen'], parts: number): tf.Tensor[] {
  if (parts === 1) return frozen.apply(batch.images, batch.labels.length);
  const each = cutBatch(batch, parts).map(({ images, labels }) => frozen.apply(images, labels.length));
  const whole = frozen.shapes.map((_, layer) => tf.concat(each.map((one) => one[layer]!)));
  tf.dispose(each);
  return whole;
}

/** Throws `UserError` where training would not see the encoder's size, or more than one view of an image. */
function checkView(size: ImageSize, augment: Augment, { input }: FrozenInput['frozen']): void {
  if (size.height === input.height && size.width === input.width && viewsPerImage(augment) === 1) return;
  throw new UserError(`The training views are ${size.height} × ${size.width}, the encoder takes ${input.height}`, {
    field: 'augment',
    remedy: `Use one crop of ${input.height} pixels.`,
  });
}
