import type { Batch } from '@selfsup/data/loader';
import { tf } from '@selfsup/engine/tensorflow';
import { classifier, featureShapeOf } from '@selfsup/models/heads';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights } from '@selfsup/models/weights';
import type { Picture } from '@selfsup/report/figures/pictures';
import { gradientsOf } from '@selfsup/trainer/gradients';
import type { TaskContext, TaskInstance } from '../task.ts';
import { accuracyOver, inferenceLogits, softmaxLoss, trainingLogits } from './classification.ts';
import { firstImages, imagesOf } from './images.ts';
import { pngOf } from './png.ts';

/** In what one task of classifying images differs from another. */
export interface Classification {
  /** What the network may answer, in the order of the labels. */
  readonly outputs: readonly string[];
  /** Name of its accuracy. */
  readonly measure: string;
  /** What the network is shown of images `[batch, height, width, channels]`, 0..255: one or more inputs an image. */
  inputs(images: tf.Tensor4D): tf.Tensor4D;
  /** The label of each input, given the classes of the images. */
  labels(classes: Int32Array): ArrayLike<number>;
  /** The first test images in the report, each input with what it is and what the network says. */
  readonly picture: {
    readonly images: number;
    readonly group: string;
    alt?(image: number, actual: string): string;
  };
}

/** Encoder and linear classifier of its last feature map, trained by cross entropy on normalised inputs. */
export function classificationTask(
  context: Pick<TaskContext, 'input' | 'normalisation' | 'testSplit' | 'buildEncoder' | 'embed' | 'key' | 'batches'>,
  { outputs, measure, inputs, labels, picture }: Classification,
): TaskInstance {
  const encoder = context.buildEncoder();
  const head = classifier(featureShapeOf(encoder), outputs.length, context.key('head'), context.embed);
  const variables = [...modelWeights('encoder', encoder, true), ...modelWeights('head', head, true)];
  const testImages = (...turn: [from?: number, every?: number]): AsyncIterable<Batch> =>
    context.batches(context.testSplit, undefined, ...turn);
  const prepared = (batch: Batch): { images: tf.Tensor4D; labels: tf.Tensor1D } => ({
    images: normalise(inputs(imagesOf(batch)), context.normalisation),
    labels: tf.tensor1d(Int32Array.from(labels(batch.labels)), 'int32'),
  });

  return {
    models: { encoder, head },
    parameterGroups: [{ name: 'classifier', variables }],
    measures: { [measure]: 'max' },

    step(batch) {
      const { images, labels } = prepared(batch);
      const { loss, metrics, gradients } = gradientsOf(variables, () =>
        softmaxLoss(trainingLogits(encoder, head, images), labels, measure),
      );
      return { losses: { loss }, metrics, gradients, samples: labels.size };
    },

    async evaluate(parts) {
      const accuracy = await accuracyOver(parts, testImages, (batch) => {
        const { images, labels } = prepared(batch);
        return { logits: inferenceLogits(encoder, head, images), labels };
      });
      return { [measure]: accuracy };
    },

    async preview() {
      const { height, width, channels } = context.input;
      const pictures: Picture[] = [];
      for (const [image, test] of (await firstImages(testImages(), picture.images)).entries()) {
        const [predicted, shown] = tf.tidy(() => {
          const given = inputs(tf.tensor4d(test.pixels, [1, height, width, channels], 'int32'));
          const logits = inferenceLogits(encoder, head, normalise(given, context.normalisation));
          return [logits.argMax(1), tf.unstack(given) as tf.Tensor3D[]] as const;
        });
        const answers = predicted.dataSync();
        predicted.dispose();
        for (const [input, label] of Array.from(labels(Int32Array.of(test.label))).entries()) {
          const actual = outputs[label]!;
          pictures.push({
            image: pngOf(shown[input]!),
            caption: `Test image ${image}`,
            ...(picture.alt && { alt: picture.alt(image, actual) }),
            facts: { actual, predicted: outputs[answers[input]!]! },
            group: picture.group,
          });
        }
      }
      return pictures;
    },
  };
}
