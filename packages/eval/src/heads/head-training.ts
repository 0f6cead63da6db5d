import { sparseSoftmaxCrossEntropy } from '@selfsup/engine/losses';
import { tf } from '@selfsup/engine/tensorflow';
import type { Json } from '@selfsup/models/checkpoint';
import { modelWeights } from '@selfsup/models/weights';
import type { Curves } from '@selfsup/trainer/curve';
import { gradientsOf } from '@selfsup/trainer/gradients';
import type { Trainee } from '@selfsup/trainer/trainee';
import { top1 } from '../measures/confusion.ts';
import { trainOnLabels, type TrainingJob } from '../tuning/training-job.ts';
import type { HeadBatch, HeadSource } from './head-source.ts';
import { testHead, type Measured } from './head-test.ts';

export interface HeadJob extends TrainingJob {
  /** One input and one output of logits `[batch, classes]` for each layer of the source; their losses are added. */
  readonly model: tf.LayersModel;
  readonly source: HeadSource;
  /** Names of the layers, which stand in the curve where there are several. */
  readonly layers: readonly string[];
  /** What is averaged over the views of a test image. Default `logits`. */
  readonly average?: 'logits' | 'softmax' | undefined;
}

/** Accuracies in percent and counts of one layer's head on the test images. */
export interface HeadScores extends Measured {
  /** Top-1 and top-5 accuracy after the last epoch. */
  readonly top1: number;
  readonly top5: number;
  /** Top-1 accuracy of the best of the tested epochs, which looked at the test images. */
  readonly best: number;
}

export interface HeadOutcome {
  /** Of each layer. */
  readonly heads: readonly HeadScores[];
  /** By epoch: `loss` and `top1`, after the layer's name where there are several. */
  readonly curve: Curves;
}

/** A batch in equal parts, whose tensors take the place of its own. */
function cutFeatures(batch: HeadBatch, parts: number): HeadBatch[] {
  if (parts === 1) return [batch];
  const each = batch.labels.length / parts;
  const features = batch.features.map((one) => tf.split(one, parts));
  tf.dispose([...batch.features]);
  return Array.from({ length: parts }, (_, part) => ({
    features: features.map((cut) => cut[part]!),
    labels: batch.labels.subarray(part * each, (part + 1) * each),
  }));
}

/**
 * Trains heads on the batches of a source and tests them after every epoch, or every `testEvery`. An interrupted training goes
 * on from the step where it stopped and ends with the same bits.
 * Throws `Interrupted` when asked to stop and `UserError` when the loss is no longer finite.
 */
export async function trainHead(job: HeadJob): Promise<HeadOutcome> {
  const { model, source, layers } = job;
  const named = (measure: string): string[] =>
    layers.map((layer) => (layers.length === 1 ? measure : `${layer} ${measure}`));
  const [losses, accuracies] = [named('loss'), named('top1')];
  let measured: readonly Measured[] = [];
  const variables = modelWeights('head', model, true);
  const trainee: Trainee<HeadBatch> = {
    weights: modelWeights('head', model),
    parameterGroups: [{ name: 'head', variables }],
    measures: Object.fromEntries(accuracies.map((name) => [name, 'max'])),

    step({ features, labels }) {
      const y = tf.tensor1d(labels, 'int32');
      const { metrics, gradients } = gradientsOf(variables, () => {
        const given = model.apply([...features], { training: true }) as tf.Tensor | tf.Tensor[];
        const logits = Array.isArray(given) ? given : [given];
        const each = logits.map((one) => sparseSoftmaxCrossEntropy(y, one).mean() as tf.Scalar);
        const loss = each.slice(1).reduce((sum, one) => sum.add(one), each[0]!.clone());
        return { loss, metrics: Object.fromEntries(each.map((one, i) => [losses[i]!, one])) };
      });
      tf.dispose([...features]);
      return { losses: metrics, gradients, samples: labels.length };
    },

    async evaluate() {
      measured = await testHead(model, source, job.average ?? 'logits', job);
      return Object.fromEntries(measured.map(({ confusion }, i) => [accuracies[i]!, top1(confusion)]));
    },

    state: {
      save: () => ({ tensors: new Map(), json: measured as unknown as Json }),
      load: (_, json) => void (measured = json as unknown as readonly Measured[]),
    },
  };
  const feed = {
    batchesPerEpoch: source.batchesPerEpoch,
    epoch: (epoch: number, startBatch: number) => source.train(epoch, startBatch),
    cut: cutFeatures,
  };
  const all = { trainee, feed, key: [0, 0] as const }; // nothing in a head is drawn step by step
  const { curve, best } = await trainOnLabels(job, all, losses, source.trainLabels.length);
  const heads = measured.map((one, i) => ({ ...one, top1: top1(one.confusion), best: best[accuracies[i]!]! }));
  return { heads, curve };
}
