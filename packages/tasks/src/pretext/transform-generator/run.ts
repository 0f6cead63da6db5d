import { tf } from '@selfsup/engine/tensorflow';
import { deriveKey } from '@selfsup/kit/random';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights } from '@selfsup/models/weights';
import type { Picture } from '@selfsup/report/figures/pictures';
import { gradientsOf } from '@selfsup/trainer/gradients';
import { passOver } from '@selfsup/trainer/parts';
import { directions, errorSums, EstimateErrors } from '../../steps/estimate-errors.ts';
import { inferenceEstimates } from '../../steps/estimates.ts';
import { firstImages, imagesOf } from '../../steps/images.ts';
import { pngOf } from '../../steps/png.ts';
import { halfSquaredNorm } from '../../steps/regression-losses.ts';
import { buildSiamese, trainingEstimates } from '../../steps/siamese.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import { drawCodes } from './codes.ts';
import type { TransformGeneratorConfig } from './config.ts';
import { buildDiscriminator } from './discriminator.ts';
import { buildGenerator, generatorFunction } from './generator.ts';

const PREVIEW_IMAGES = 6;
const PREVIEW_CODES = 5;

/** Builds generator, discriminator, encoder and decoder; see `transformGenerator`. */
export async function createTransformGenerator(context: TaskContext<TransformGeneratorConfig>): Promise<TaskInstance> {
  const { config, input, normalisation } = context;
  const { codeSize, weights, leastChange } = config;
  const generator = buildGenerator(config, input, context.key('generator'));
  const discriminator = buildDiscriminator(input, config.width, context.key('discriminator'));
  const siamese = buildSiamese(context.buildEncoder(), codeSize, true, context.key('decoder'), context.embed);
  const own = { generator, ...siamese };
  const generatorSide = Object.entries(own).flatMap(([name, model]) => modelWeights(name, model, true));
  const discriminatorSide = modelWeights('discriminator', discriminator, true);
  const generate = generatorFunction(generator, config, input, normalisation);
  const pixels = (images: tf.Tensor4D) => normalise(images, normalisation);
  const realness = (images: tf.Tensor4D) => discriminator.apply(pixels(images), { training: true }) as tf.Tensor2D;
  const groups = { code: Array.from({ length: codeSize }, (_, i) => i) };

  /** The generator's term of a step, and what it is made of. */
  const generatorLoss = (images: tf.Tensor4D, codes: tf.Tensor2D, others: tf.Tensor2D) => {
    const generated = generate(images, codes);
    const adversarial = tf.softplus(realness(generated).neg()).mean<tf.Scalar>();
    const code = halfSquaredNorm(trainingEstimates(siamese, pixels(images), pixels(generated)), codes);
    const change = meanChange(generated, generate(images, others));
    const lack = leastChange === 0 ? tf.scalar(0) : tf.relu(tf.scalar(1).sub(change.div(leastChange)));
    const loss = adversarial
      .mul(weights.adversarial)
      .add(code.mul(weights.code))
      .add<tf.Scalar>(lack.mul(weights.change));
    return { loss, metrics: { 'code-loss': code, 'adversarial-loss': adversarial, change } };
  };

  /** The discriminator's term; `generated` counts as given. */
  const discriminatorLoss = (images: tf.Tensor4D, generated: tf.Tensor4D) => {
    const [real, made] = [realness(images), realness(generated)];
    const right = tf
      .concat([real.greater(0), made.less(0)])
      .toFloat()
      .mean()
      .mul<tf.Scalar>(100);
    return {
      loss: tf.softplus(real.neg()).mean().add<tf.Scalar>(tf.softplus(made).mean()),
      metrics: { 'discriminator-accuracy': right },
    };
  };

  return {
    models: { ...own, discriminator },
    parameterGroups: [
      { name: 'generator', variables: generatorSide },
      { name: 'discriminator', variables: discriminatorSide },
    ],
    measures: { change: 'max', ...directions(groups) },

    step(batch, { key }) {
      const images = imagesOf(batch);
      const count = images.shape[0];
      const codes = drawCodes(deriveKey(key, 'codes'), count, codeSize);
      const others = drawCodes(deriveKey(key, 'others'), count, codeSize);
      const generated = generate(images, codes);
      const forGenerator = gradientsOf(generatorSide, () => generatorLoss(images, codes, others));
      const forDiscriminator = gradientsOf(discriminatorSide, () => discriminatorLoss(images, generated));
      return {
        losses: { generator: forGenerator.loss, discriminator: forDiscriminator.loss },
        metrics: { ...forGenerator.metrics, ...forDiscriminator.metrics },
        gradients: { ...forGenerator.gradients, ...forDiscriminator.gradients },
        samples: count,
      };
    },

    async evaluate(parts) {
      const found = await passOver(parts, {
        name: 'test',
        batches: (...turn) => context.batches(context.testSplit, undefined, ...turn),
        measure(batch) {
          const images = imagesOf(batch);
          const [codes, others] = ['codes', 'others'].map((purpose) =>
            drawCodes(context.key('test', purpose, batch.first), images.shape[0], codeSize),
          ) as [tf.Tensor2D, tf.Tensor2D];
          const generated = generate(images, codes);
          const estimates = inferenceEstimates(siamese, pixels(images), pixels(generated));
          const change = meanChange(generated, generate(images, others)).dataSync()[0]! * images.shape[0];
          return { estimates: estimates.dataSync(), codes: codes.dataSync(), change, count: images.shape[0] };
        },
        zero: { errors: errorSums(codeSize), change: 0, count: 0 },
        add(sums, { estimates, codes, change, count }) {
          new EstimateErrors(codeSize, sums.errors).add(estimates, codes);
          sums.change += change;
          sums.count += count;
        },
      });
      const errors = new EstimateErrors(codeSize, found.errors);
      return { change: found.change / found.count, ...errors.measures(groups) };
    },

    preview: () => preview(context, codeSize, generate),
  };
}

/** Mean over all pixels of |a − b|, in units of 0..255. */
export function meanChange(a: tf.Tensor4D, b: tf.Tensor4D): tf.Scalar {
  return a.sub(b).abs().mean();
}

/** Test images, each beside what the same few codes make of it. */
async function preview(
  context: TaskContext<TransformGeneratorConfig>,
  codeSize: number,
  generate: (images: tf.Tensor4D, codes: tf.Tensor2D) => tf.Tensor4D,
): Promise<Picture[]> {
  const { height, width, channels } = context.input;
  const pictures: Picture[] = [];
  const chosen = await firstImages(context.batches(context.testSplit), PREVIEW_IMAGES);
  for (const [index, { pixels }] of chosen.entries()) {
    const made = tf.tidy(() => {
      const image = tf.tensor4d(Float32Array.from(pixels), [1, height, width, channels]);
      const codes = drawCodes(context.key('preview'), PREVIEW_CODES, codeSize);
      const copies = tf.tile(image, [PREVIEW_CODES, 1, 1, 1]);
      return tf.unstack(
        tf
          .concat([image, generate(copies, codes)])
          .round()
          .toInt(),
      ) as tf.Tensor3D[];
    });
    for (const [code, image] of made.entries()) {
      const what = code === 0 ? 'original' : `transformed by code ${code}`;
      pictures.push({
        image: pngOf(image),
        caption: `Test image ${index}, ${what}`,
        alt: `Test image ${index}, ${what}`,
        group: 'Test images and what the generator makes of them',
      });
    }
  }
  return pictures;
}
