import type { Batch } from '@selfsup/data/loader';
import { tf } from '@selfsup/engine/tensorflow';
import type { Normalisation } from '@selfsup/models/encoder';
import { normalise } from '@selfsup/models/normalise';
import type { NamedVariable } from '@selfsup/models/weights';
import { gradientsOf } from '@selfsup/trainer/gradients';
import type { StepOutcome } from '@selfsup/trainer/trainee';
import { softmaxLoss } from '../../steps/classification.ts';
import { imagesOf } from '../../steps/images.ts';

/** Images to feature maps, feature maps to vectors, vectors to logits of clusters. */
export interface ClusterNetworks {
  readonly encoder: tf.LayersModel;
  readonly embedding: tf.LayersModel;
  readonly head: tf.LayersModel;
}

/**
 * Forward and backward pass over a batch in training mode: cross entropy of the clusters.
 *
 * @param classes `[images]` pseudo-label of each image of the batch
 */
export function clusterStep(
  { encoder, embedding, head }: ClusterNetworks,
  variables: readonly NamedVariable[],
  normalisation: Normalisation,
  batch: Batch,
  classes: Int32Array,
): StepOutcome {
  const images = normalise(imagesOf(batch), normalisation);
  const labels = tf.tensor1d(classes, 'int32');
  const { loss, metrics, gradients } = gradientsOf(variables, () => {
    const maps = encoder.apply(images, { training: true }) as tf.Tensor4D;
    const vectors = embedding.apply(maps, { training: true }) as tf.Tensor2D;
    return softmaxLoss(head.apply(vectors, { training: true }) as tf.Tensor2D, labels, 'cluster-accuracy');
  });
  return { losses: { loss }, metrics, gradients, samples: classes.length };
}
