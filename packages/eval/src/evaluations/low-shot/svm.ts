import { tf } from '@selfsup/engine/tensorflow';
import { stopIfAsked } from '@selfsup/kit/stage';
import type { FeatureSet } from '../../features/feature-set.ts';
import { top1 } from '../../measures/confusion.ts';
import { presenceOfRows } from '../../measures/presence.ts';
import { judge, scoresOf, trainingVectors } from '../svm/scores.ts';
import { solveSvms } from '../svm/solve.ts';
import type { LowShotSvm } from './config.ts';
import { picked, type Measured } from './measured.ts';
import type { LowShotDraw } from './sampling.ts';

/** Values of rows times machines that are worked on at once, as in `eval/svm`. */
const problemValues = 2 ** 22;

/**
 * One machine against the rest for each class and cost on the rows of a draw. Throws `Interrupted` when asked to stop and
 * `UserError` for vectors that do not fit in memory.
 */
export async function lowShotSvm(
  { classes, train, test, shape }: FeatureSet,
  { k, rows, sees }: LowShotDraw,
  config: LowShotSvm,
  signal: AbortSignal,
): Promise<Measured> {
  const { costs, normalise, positiveWeight, negatives } = config;
  const own = picked(train, rows);
  const presence = presenceOfRows(own, classes.length);
  const shows = (row: number, label: number): boolean => presence[row * classes.length + label] === 1;
  const x = await trainingVectors(own, shape, config);
  const machines = costs.flatMap((cost) => classes.map((_, label) => ({ cost, label })));
  const size = Math.max(1, Math.floor(problemValues / rows.length));
  const parts: tf.Tensor2D[] = [];
  let w: tf.Tensor2D | undefined;
  try {
    for (let start = 0; start < machines.length; start += size) {
      const batch = machines.slice(start, start + size);
      const matrix = (value: (machine: (typeof machines)[number], row: number) => number): tf.Tensor2D => {
        const given = new Float32Array(rows.length * batch.length);
        for (let at = 0; at < given.length; at++)
          given[at] = value(batch[at % batch.length]!, Math.floor(at / batch.length));
        return tf.tensor2d(given, [rows.length, batch.length]);
      };
      const signs = matrix(({ label }, row) => (shows(row, label) ? 1 : -1));
      const weights = matrix(({ label, cost }, row) =>
        sees[label]!(row) ? cost * (shows(row, label) ? positiveWeight : 1) : 0,
      );
      const onStep = () => stopIfAsked(signal, 'Stopped while training support vector machines.');
      parts.push(await solveSvms({ x, signs, weights, onStep }).finally(() => tf.dispose([signs, weights])));
    }
    w = tf.concat2d(parts, 1);
    const scores = await scoresOf(test, shape, config, w);
    const sampled = negatives === 'others' ? '' : `-n${negatives}`;
    const star = normalise && positiveWeight === 2 ? '' : '*';
    return costs.map((cost, i) => {
      const ofCost = columnsOf(scores, machines.length, i * classes.length, classes.length);
      const { map, confusion } = judge(ofCost, test, classes.length);
      const measures = { ...(confusion && { top1: top1(confusion) }), map };
      const title = {
        head: 'low-shot-svm',
        protocol: `cost${cost}${sampled}-k${k}${star}`,
        family: { name: `cost${cost}${sampled}${star}`, parameter: `k = ${k}` },
      };
      return { title, measures, confusion };
    });
  } finally {
    tf.dispose([x, ...parts, ...(w === undefined ? [] : [w])]);
  }
}

/** Some columns of a matrix of this width, row by row. */
function columnsOf(values: Float32Array, width: number, first: number, count: number): Float32Array {
  const rows = values.length / width;
  return Float32Array.from(
    { length: rows * count },
    (_, at) => values[Math.floor(at / count) * width + first + (at % count)] as number,
  );
}
