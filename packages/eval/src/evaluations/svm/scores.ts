import { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { featureRows } from '../../features/feature-rows.ts';
import type { FeatureSplit } from '../../features/feature-set.ts';
import type { FeatureShape } from '../../heads/head-source.ts';
import { confusionOf } from '../../measures/confusion.ts';
import { meanPrecisions, presenceOfRows } from '../../measures/presence.ts';
import type { SvmConfig } from './config.ts';

/** Most bytes of training vectors. */
const mostBytes = 4e9;

/** Vectors `[rows, width]`, brought to length 1 where `normalise` says so, with a column of ones for the offset. */
function withOnes(x: tf.Tensor2D, normalise: boolean): tf.Tensor2D {
  const scaled = normalise ? x.div<tf.Tensor2D>(x.norm(2, 1, true).add(1e-5)) : x;
  return tf.concat2d([scaled, tf.ones([x.shape[0], 1])], 1);
}

/**
 * Vectors to train on with a column of ones, `[images, width + 1]`. Throws `UserError` where they do not fit in memory, in
 * which they are needed as a whole.
 */
export async function trainingVectors(
  split: FeatureSplit,
  shape: FeatureShape,
  config: Pick<SvmConfig, 'pooling' | 'normalise'>,
): Promise<tf.Tensor2D> {
  const rows = featureRows(split, shape, config.pooling);
  if (rows.rows * rows.width * 4 > mostBytes)
    throw new UserError(`${rows.rows} training vectors of ${rows.width} values do not fit in 4 GB`, {
      field: 'pooling',
      remedy: 'Pool the feature maps to fewer cells.',
    });
  const values = await rows.read(0, rows.rows);
  return tf.tidy(() => withOnes(tf.tensor2d(values, [rows.rows, rows.width]), config.normalise));
}

/** Scores of all images of a split, `[images, machines]`. */
export async function scoresOf(
  split: FeatureSplit,
  shape: FeatureShape,
  config: Pick<SvmConfig, 'pooling' | 'normalise'>,
  w: tf.Tensor2D,
): Promise<Float32Array> {
  const rows = featureRows(split, shape, config.pooling);
  const machines = w.shape[1];
  const scores = new Float32Array(rows.rows * machines);
  for (let start = 0; start < rows.rows; start += 500) {
    const count = Math.min(500, rows.rows - start);
    const values = await rows.read(start, count);
    const product = tf.tidy(() => tf.matMul(withOnes(tf.tensor2d(values, [count, rows.width]), config.normalise), w));
    scores.set(product.dataSync<'float32'>(), start * machines);
    product.dispose();
  }
  return scores;
}

/** What scores `[images, classes]` are worth. */
export interface Judged {
  /** Mean over the classes that are shown of VOC's average precision, in [0, 1]. */
  readonly map: number;
  /** Where images have one class each: counts `[true class][class of the greatest score]`. */
  readonly confusion?: number[][] | undefined;
}

/** VOC's mean average precision of the scores of a split's images, and the confusion where each has one class. */
export function judge(scores: Float32Array, split: Pick<FeatureSplit, 'labels' | 'presence'>, classes: number): Judged {
  const map = meanPrecisions(scores, presenceOfRows(split, classes), classes).envelope;
  if (split.presence !== undefined) return { map };
  const predicted = Int32Array.from(split.labels, (_, i) => {
    const row = scores.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity));
  });
  return { map, confusion: confusionOf(split.labels, predicted, classes) };
}
