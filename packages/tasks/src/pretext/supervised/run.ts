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
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { SupervisedConfig } from './config.ts';

const MEASURE = 'top1';
const PREVIEW_IMAGES = 12;

/** Builds encoder and classifier of the dataset's classes; see `supervised`. */
export async function createSupervised(context: TaskContext<SupervisedConfig>): Promise<TaskInstance> {
  const { dataset, normalisation, testSplit } = context;
  const { classes } = dataset.manifest;
  if (classes.length < 2) {
    throw new UserError(`The dataset ${dataset.manifest.name} has no labels to learn`, {
      remedy: 'Use a dataset with two classes or more, or a pretext task.',
    });
  }
  const encoder = context.buildEncoder();
  const head = classifier(featureShapeOf(encoder), classes.length, context.key('head'), context.embed);
  const variables = [...modelWeights('encoder', encoder, true), ...modelWeights('head', head, true)];
  const prepared = (batch: Batch): { images: tf.Tensor4D; labels: tf.Tensor1D } => ({
    images: normalise(imagesOf(batch), normalisation),
    labels: tf.tensor1d(batch.labels, 'int32'),
  });

  return {
    models: { encoder, head },
    parameterGroups: [{ name: 'classifier', variables }],
    measures: { [MEASURE]: 'max' },

    step(batch) {
      const { images, labels } = prepared(batch);
      const { loss, metrics, gradients } = gradientsOf(variables, () =>
        softmaxLoss(trainingLogits(encoder, head, images), labels, MEASURE),
      );
      return { losses: { loss }, metrics, gradients, samples: labels.size };
    },

    async evaluate() {
      const accuracy = await accuracyOver(context.batches(testSplit), (batch) => {
        const { images, labels } = prepared(batch);
        return { logits: inferenceLogits(encoder, head, images), labels };
      });
      return { [MEASURE]: accuracy };
    },

    async preview() {
      const { height, width, channels } = context.input;
      const pictures: Picture[] = [];
      const images = await firstImages(context.batches(testSplit), PREVIEW_IMAGES);
      for (const [index, { pixels, label }] of images.entries()) {
        const image = tf.tensor4d(pixels, [1, height, width, channels], 'int32');
        const predicted = tf.tidy(
          () => inferenceLogits(encoder, head, normalise(image, normalisation)).argMax(1).dataSync()[0]!,
        );
        pictures.push({
          image: await encodePng(image.squeeze([0])),
          caption: `Test image ${index}`,
          facts: { actual: classes[label]!, predicted: classes[predicted]! },
          group: 'Test images and the predicted class',
        });
        image.dispose();
      }
      return pictures;
    },
  };
}
