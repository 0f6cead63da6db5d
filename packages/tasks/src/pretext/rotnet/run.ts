import type { Picture } from '@selfsup/report/figures/pictures';
import { UserError } from '@selfsup/kit/errors';
import { tf } from '@selfsup/engine/tensorflow';
import type { Batch } from '@selfsup/data/loader';
import { classifier, featureShapeOf } from '@selfsup/models/heads';
import { normalise } from '@selfsup/models/normalise';
import { modelWeights } from '@selfsup/models/weights';
import { accuracyOver, inferenceLogits, softmaxLoss, trainingLogits } from '../../steps/classification.ts';
import { gradientsOf } from '@selfsup/trainer/gradients';
import { firstImages, imagesOf } from '../../steps/images.ts';
import { encodePng } from '../../steps/png.ts';
import { rotate } from '../../steps/rotate.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { RotNetConfig } from './config.ts';

const MEASURE = 'rotation-accuracy';
const PREVIEW_IMAGES = 6;

/** Builds encoder and rotation classifier; see `rotnet`. */
export async function createRotNet(context: TaskContext<RotNetConfig>): Promise<TaskInstance> {
  const { quarterTurns } = context.config;
  const { height, width } = context.input;
  if (height !== width && quarterTurns.some((turns) => turns % 2 === 1)) {
    throw new UserError(`Images of ${width}×${height} pixels cannot be turned by 90°`, {
      field: 'task.quarterTurns',
      remedy: 'Use square images, or [0, 2].',
    });
  }
  const encoder = context.buildEncoder();
  const head = classifier(featureShapeOf(encoder), quarterTurns.length, context.key('head'), context.embed);
  const variables = [...modelWeights('encoder', encoder, true), ...modelWeights('head', head, true)];

  /** All rotations of each image, one rotation after the other: `[batch, …]` to `[turns · batch, …]`. */
  const rotations = (batch: Batch): { images: tf.Tensor4D; labels: tf.Tensor1D } => {
    const images = imagesOf(batch);
    const labels = quarterTurns.flatMap((_turns, label) => new Array<number>(images.shape[0]).fill(label));
    return {
      images: normalise(tf.concat(quarterTurns.map((turns) => rotate(images, turns))), context.normalisation),
      labels: tf.tensor1d(labels, 'int32'),
    };
  };

  return {
    models: { encoder, head },
    parameterGroups: [{ name: 'classifier', variables }],
    measures: { [MEASURE]: 'max' },

    step(batch) {
      const { images, labels } = rotations(batch);
      const { loss, metrics, gradients } = gradientsOf(variables, () =>
        softmaxLoss(trainingLogits(encoder, head, images), labels, MEASURE),
      );
      return { losses: { loss }, metrics, gradients, samples: labels.size };
    },

    async evaluate() {
      const accuracy = await accuracyOver(context.batches(context.testSplit), (batch) => {
        const { images, labels } = rotations(batch);
        return { logits: inferenceLogits(encoder, head, images), labels };
      });
      return { [MEASURE]: accuracy };
    },

    async preview() {
      const pictures: Picture[] = [];
      const images = await firstImages(context.batches(context.testSplit), PREVIEW_IMAGES);
      for (const [index, { pixels }] of images.entries()) {
        const image = tf.tensor4d(pixels, [1, height, width, context.input.channels], 'int32');
        for (const [label, turns] of quarterTurns.entries()) {
          const rotated = rotate(image, turns);
          const predicted = tf.tidy(() => {
            const logits = inferenceLogits(encoder, head, normalise(rotated, context.normalisation));
            return logits.argMax(1).dataSync()[0]!;
          });
          pictures.push({
            image: await encodePng(rotated.squeeze([0])),
            caption: `Test image ${index}`,
            alt: `Test image ${index} rotated by ${turns * 90}° counter-clockwise`,
            facts: { actual: `${quarterTurns[label]! * 90}°`, predicted: `${quarterTurns[predicted]! * 90}°` },
            group: 'Rotated test images and the predicted rotation',
          });
          rotated.dispose();
        }
        image.dispose();
      }
      return pictures;
    },
  };
}
