import { inTurns } from '@selfsup/engine/cluster';
import { compiledStep } from '@selfsup/engine/compiled-step';
import { tf } from '@selfsup/engine/tensorflow';
import { firstOf, stopIfAsked, type StageContext } from '@selfsup/kit/stage';
import { confusionOf } from '../measures/confusion.ts';
import type { HeadBatch, HeadSource } from './head-source.ts';

/** What a head was right about. */
export interface Measured {
  /** `[true class][predicted class]` counts over the test images. */
  readonly confusion: number[][];
  /** Share of images whose class is among the five of the highest scores, in percent; 100 for five classes or fewer. */
  readonly top5: number;
}

/**
 * Tests the heads of a model, one output for each layer, on all test images, batch norm in inference mode. The logits, or their softmax, are averaged over the views of an image. Throws `Interrupted` between batches when
 * asked to stop.
 */
export async function testHead(
  model: tf.LayersModel,
  source: HeadSource,
  average: 'logits' | 'softmax',
  { extent, signal }: Pick<StageContext<never>, 'extent' | 'signal'>,
): Promise<Measured[]> {
  const classes = source.classes.length;
  const places = Math.min(5, classes);
  const labels: number[] = [];
  const ranked: number[][] = source.shapes.map(() => []);
  const ranksOf = ({ features }: HeadBatch): Int32Array[] => {
    const best = compiledStep(() =>
      tf.tidy(() => {
        const given = model.predictOnBatch([...features]);
        return (Array.isArray(given) ? given : [given]).map(
          (logits) => tf.topk(overViews(logits, source.testViews, average), places).indices,
        );
      }),
    );
    const ranks = best.map((indices) => indices.dataSync() as Int32Array);
    tf.dispose([...best, ...features]);
    return ranks;
  };
  const measured = await inTurns({
    name: 'test of heads',
    async *own({ from, every }) {
      for await (const batch of firstOf(source.test(from, every), extent.batches)) {
        yield { labels: batch.labels, ranks: ranksOf(batch) };
        await stopIfAsked(signal, 'Asked to stop between test batches.');
      }
    },
    take(found) {
      found.ranks.forEach((ranks, i) => (ranked[i] as number[]).push(...ranks));
      labels.push(...found.labels);
    },
    finish: () =>
      ranked.map((rows): Measured => {
        const predicted = labels.map((_, image) => rows[image * places] as number);
        const within = labels.filter((label, i) => rows.slice(i * places, (i + 1) * places).includes(label)).length;
        return { confusion: confusionOf(labels, predicted, classes), top5: (100 * within) / labels.length };
      }),
  });
  return measured ?? [];
}

/**
 * Scores `[images · views, classes]` to scores `[images, classes]` in the order of their means over the views. Those of
 * softmax are logarithms: classes that are too unlikely for a number still stand in their order.
 */
function overViews(logits: tf.Tensor, views: number, average: 'logits' | 'softmax'): tf.Tensor2D {
  if (views === 1) return logits as tf.Tensor2D;
  const byView = (scores: tf.Tensor): tf.Tensor => scores.reshape([-1, views, logits.shape[1] as number]);
  return average === 'softmax' ? tf.logSumExp(byView(tf.logSoftmax(logits)), 1) : byView(logits).mean(1);
}
