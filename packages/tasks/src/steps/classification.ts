import type { Batch } from '@selfsup/data/loader';
import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import type { tf } from '@selfsup/engine/tensorflow';
import type { Forward } from '@selfsup/trainer/gradients';
import { passOver, type Parts } from '@selfsup/trainer/parts';
import { infer } from './inference.ts';

/** Logits `[batch, classes]` of images in training mode: batch norm uses and moves the batch's statistics. */
export function trainingLogits(encoder: tf.LayersModel, head: tf.LayersModel, images: tf.Tensor4D): tf.Tensor2D {
  const features = encoder.apply(images, { training: true }) as tf.Tensor4D;
  return head.apply(features, { training: true }) as tf.Tensor2D;
}

/** Logits `[batch, classes]` of images in inference mode, any number of them. */
export function inferenceLogits(encoder: tf.LayersModel, head: tf.LayersModel, images: tf.Tensor4D): tf.Tensor2D {
  return infer(images, encoder, head);
}

/** Mean cross entropy of logits `[batch, classes]` with labels `[batch]` (int32), and the accuracy in percent. */
export function softmaxLoss(logits: tf.Tensor2D, labels: tf.Tensor1D, accuracyName: string): Forward {
  const right = logits.argMax(1).equal(labels);
  return {
    loss: sparseSoftmaxCrossEntropy(labels, logits).mean(),
    metrics: { [accuracyName]: right.toFloat().mean().mul<tf.Scalar>(100) },
  };
}

/** Percentage of samples over all batches whose largest logit is that of their label. A pass in parts. */
export async function accuracyOver(
  parts: Parts,
  batches: (from: number, every: number) => AsyncIterable<Batch>,
  predict: (batch: Batch) => { logits: tf.Tensor2D; labels: tf.Tensor1D },
): Promise<number> {
  const { right, total } = await passOver(parts, {
    name: 'test',
    batches,
    measure(batch) {
      const { logits, labels } = predict(batch);
      return { right: logits.argMax(1).equal(labels).sum().dataSync()[0]!, total: labels.size };
    },
    zero: { right: 0, total: 0 },
    add(sums, found) {
      sums.right += found.right;
      sums.total += found.total;
    },
  });
  return (100 * right) / total;
}
