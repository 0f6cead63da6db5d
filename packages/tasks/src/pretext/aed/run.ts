import { tf } from '@selfsup/engine/tensorflow';
import { featureShapeOf } from '@selfsup/models/heads';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights } from '@selfsup/models/weights';
import type { Picture } from '@selfsup/report/figures/pictures';
import { gradientsOf } from '@selfsup/trainer/gradients';
import { passOver, type Parts } from '@selfsup/trainer/parts';
import { firstImages, imagesOf } from '../../steps/images.ts';
import { infer } from '../../steps/inference.ts';
import { drawable, pngOf } from '../../steps/png.ts';
import { meanSquaredError } from '../../steps/regression-losses.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { AedConfig } from './config.ts';
import { upsamplingDecoder } from './upsampling-decoder.ts';

const PREVIEW_IMAGES = 12;

/** Builds encoder and decoder; see `aed`. */
export async function createAed(context: TaskContext<AedConfig>): Promise<TaskInstance> {
  const { input, normalisation } = context;
  const encoder = context.buildEncoder();
  const decoder = upsamplingDecoder(featureShapeOf(encoder), input, context.config.width, context.key('decoder'));
  const variables = [...modelWeights('encoder', encoder, true), ...modelWeights('decoder', decoder, true)];
  let meanImage: Float32Array | undefined;

  /** What comes out of the decoder in inference mode, normalised. */
  const reconstruct = (images: tf.Tensor4D): tf.Tensor4D => infer(images, encoder, decoder);

  return {
    models: { encoder, decoder },
    parameterGroups: [{ name: 'autoencoder', variables }],
    measures: { mse: 'min', 'mean-image-mse': 'min' },

    step(batch) {
      const images = normalise(imagesOf(batch), normalisation);
      const { loss, gradients } = gradientsOf(variables, () => {
        const features = encoder.apply(images, { training: true }) as tf.Tensor;
        return { loss: meanSquaredError(decoder.apply(features, { training: true }) as tf.Tensor, images) };
      });
      return { losses: { loss }, gradients, samples: images.shape[0] };
    },

    async evaluate(parts) {
      meanImage ??= await meanOfTraining(context, parts);
      const mean = meanImage;
      const { height, width, channels } = input;
      const { error, ofMean, count } = await passOver(parts, {
        name: 'test',
        batches: (...turn) => context.batches(context.testSplit, undefined, ...turn),
        measure(batch) {
          const images = normalise(imagesOf(batch), normalisation);
          const predicted = normalise(tf.tensor4d(mean, [1, height, width, channels]), normalisation);
          const count = images.shape[0];
          const error = meanSquaredError(reconstruct(images), images).dataSync()[0]! * count;
          return { error, ofMean: meanSquaredError(predicted, images).dataSync()[0]! * count, count };
        },
        zero: { error: 0, ofMean: 0, count: 0 },
        add(sums, found) {
          sums.error += found.error;
          sums.ofMean += found.ofMean;
          sums.count += found.count;
        },
      });
      return { mse: error / count, 'mean-image-mse': ofMean / count };
    },

    async preview() {
      const pictures: Picture[] = [];
      const { height, width, channels } = input;
      const chosen = await firstImages(context.batches(context.testSplit), PREVIEW_IMAGES);
      for (const [index, { pixels }] of chosen.entries()) {
        const [original, reconstructed] = tf.tidy(() => {
          const image = tf.tensor4d(Float32Array.from(pixels), [1, height, width, channels]);
          const made = reconstruct(normalise(image, normalisation));
          const raw = made
            .mul<tf.Tensor4D>(tf.tensor1d(normalisation.std.map((std) => std || 1)))
            .add<tf.Tensor4D>(normalisation.mean);
          return [image, raw].map(drawable);
        }) as [tf.Tensor3D, tf.Tensor3D];
        for (const [image, what] of [
          [original, 'original'],
          [reconstructed, 'reconstruction'],
        ] as const) {
          pictures.push({
            image: pngOf(image),
            caption: `Test image ${index}, ${what}`,
            alt: `Test image ${index}, ${what}`,
            group: 'Test images and their reconstructions',
          });
        }
      }
      return pictures;
    },
  };
}

/** Mean of the training images, pixel by pixel, of 0..255. A pass in parts. */
async function meanOfTraining({ input, trainingBatches }: TaskContext<AedConfig>, parts: Parts): Promise<Float32Array> {
  const size = input.height * input.width * input.channels;
  const { sums, count } = await passOver(parts, {
    name: 'mean image',
    batches: trainingBatches,
    measure({ images, labels }) {
      const sums = new Float64Array(size); // of whole numbers: exact
      images.forEach((value, i) => (sums[i % size]! += value));
      return { sums, count: labels.length };
    },
    zero: { sums: new Array<number>(size).fill(0), count: 0 },
    add(so, found) {
      found.sums.forEach((value, i) => (so.sums[i]! += value));
      so.count += found.count;
    },
  });
  return Float32Array.from(sums, (sum) => sum / count);
}
