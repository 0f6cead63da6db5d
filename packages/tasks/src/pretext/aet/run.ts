import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey } from '@selfsup/kit/random';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights } from '@selfsup/models/weights';
import type { Picture } from '@selfsup/report/figures/pictures';
import { gradientsOf } from '@selfsup/trainer/gradients';
import { passOver } from '@selfsup/trainer/parts';
import { directions, errorSums, EstimateErrors } from '../../steps/estimate-errors.ts';
import { inferenceEstimates } from '../../steps/estimates.ts';
import { firstImages, imagesOf } from '../../steps/images.ts';
import { drawable, pngOf } from '../../steps/png.ts';
import { buildSiamese, trainingEstimates } from '../../steps/siamese.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import { givenFilePath } from '../../training/given-file.ts';
import { loadGenerator } from '../transform-generator/load-generator.ts';
import { affineTransformation } from './affine-transformation.ts';
import type { AetConfig } from './config.ts';
import { generatedTransformation } from './generated-transformation.ts';
import { projectiveTransformation } from './projective-transformation.ts';
import { usualStandardisation } from './projective.ts';
import type { Transformation } from './transformation.ts';

const PREVIEW_IMAGES = 8;

/** Builds encoder and decoder; see `aet`. Throws `UserError` for images that are not square. */
export async function createAet(context: TaskContext<AetConfig>): Promise<TaskInstance> {
  const transformation = await transformationOf(context);
  const { components, bounded, groups } = transformation;
  const siamese = buildSiamese(context.buildEncoder(), components, bounded, context.key('decoder'), context.embed);
  const models = { ...siamese };
  const variables = Object.entries(models).flatMap(([name, model]) => modelWeights(name, model, true));
  const pixels = (images: tf.Tensor4D) => normalise(images, context.normalisation);

  return {
    models,
    parameterGroups: [{ name: 'predictor', variables }],
    measures: directions(groups),

    step(batch, { key }) {
      const images = imagesOf(batch);
      const { images: transformed, targets } = transformation.sample(images, deriveKey(key, 'transformation'));
      const { loss, gradients } = gradientsOf(variables, () => ({
        loss: transformation.loss(trainingEstimates(siamese, pixels(images), pixels(transformed)), targets),
      }));
      return { losses: { loss }, gradients, samples: targets.shape[0] };
    },

    async evaluate(parts) {
      const key = context.key('test');
      const sums = await passOver(parts, {
        name: 'test',
        batches: (...turn) => context.batches(context.testSplit, undefined, ...turn),
        measure(batch) {
          const images = imagesOf(batch);
          const { images: transformed, targets } = transformation.sample(images, key, batch.first);
          const estimates = inferenceEstimates(siamese, pixels(images), pixels(transformed));
          return { estimates: estimates.dataSync(), targets: targets.dataSync() };
        },
        zero: errorSums(components),
        add: (so, { estimates, targets }) => new EstimateErrors(components, so).add(estimates, targets),
      });
      return new EstimateErrors(components, sums).measures(groups);
    },

    async preview() {
      const pictures: Picture[] = [];
      const key = context.key('preview');
      const { height, width, channels } = context.input;
      const chosen = await firstImages(context.batches(context.testSplit), PREVIEW_IMAGES);
      for (const [index, { pixels: bytes }] of chosen.entries()) {
        let error = 0;
        const shown = tf.tidy(() => {
          const original = tf.tensor4d(Float32Array.from(bytes), [1, height, width, channels]);
          const { images: transformed, targets } = transformation.sample(original, key, index);
          const estimates = inferenceEstimates(siamese, pixels(original), pixels(transformed));
          error = estimates.sub(targets).square().mean().dataSync()[0]!;
          return [original, transformed, transformation.apply(original, estimates)].map(drawable);
        });
        for (const [shownAs, what] of ['original', 'transformed', 'transformed by the estimate'].entries()) {
          pictures.push({
            image: pngOf(shown[shownAs]!),
            caption: `Test image ${index}, ${what}`,
            alt: `Test image ${index}, ${what}`,
            ...(shownAs === 2 && { facts: { 'mean squared error': Number(error.toPrecision(3)) } }),
            group: 'Test images: original, transformed, and transformed by the estimate',
          });
        }
      }
      return pictures;
    },
  };
}

async function transformationOf({ config, input, needs }: TaskContext<AetConfig>): Promise<Transformation> {
  if (config.transformation === 'generated') {
    const { generator } = config;
    const checkpoint = generator
      ? await givenFilePath(generator, 'task.generator', 'generator')
      : needs['generator']!.blob('checkpoint');
    return generatedTransformation(await loadGenerator(checkpoint, input));
  }
  const side = input.width;
  if (input.height !== side) {
    throw new UserError(`Images of ${input.width}×${input.height} pixels are not square`, {
      field: 'data.augment',
      remedy: 'Crop them to squares: the transformations turn them.',
    });
  }
  return config.transformation === 'affine'
    ? affineTransformation(config, config.loss, side)
    : projectiveTransformation(config, config.standardise ?? usualStandardisation(side), config.loss, side);
}
