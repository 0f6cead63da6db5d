import { z } from 'zod';
import { accuracy, metricsOf } from '@selfsup/kit/metric';
import { Interrupted, type StageModule } from '@selfsup/kit/stage';
import { confusion as confusionFigure } from '@selfsup/report/figures/confusion';
import { openFeatures, type FeatureSplit } from '../../features/feature-set.ts';
import { titleOf } from '../../heads/head-results.ts';
import { requireNeed } from '../../measures/require-need.ts';

// The config section of the stage. Strict: a key that is not named here is an error.
const schema = z.strictObject({
  /** Label of the protocol; it becomes part of the metric's name. */
  protocol: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'small letters, digits, dots and hyphens'),
  /** One of the layers that the features stage extracted. */
  layer: z.string(),
});
type PartNameConfig = z.infer<typeof schema>;

/** Images whose features are in memory at a time. */
const ROWS = 256;

/**
 * Nearest class mean: each test image takes the class whose mean training feature is nearest to its own. Says little
 * where colour and place vary more than form, as in the dataset shapes, whose class means are nearly the same.
 */
const stage: StageModule<PartNameConfig> = {
  schema,
  // What "needs" must name: here a stage that uses eval/features.
  roles: ['features'],

  async run({ config, needs, progress, signal }) {
    const input = requireNeed({ needs }, 'features');
    const features = await openFeatures(input, config.layer);
    const checkStop = (): void => {
      if (signal.aborted) throw new Interrupted('The evaluation was stopped.');
    };
    try {
      const { classes, train, test } = features;
      progress.note(`nearest class mean on ${config.layer}: ${train.images} training images`);
      const size = features.shape.reduce((product, side) => product * side, 1);
      const means = classMeans(train, classes.length, size, checkStop);
      const matrix = confusion(test, means, checkStop);
      const right = matrix.reduce((sum, row, label) => sum + row[label]!, 0);
      const title = { head: 'part-name', protocol: config.protocol, layer: config.layer };
      return {
        metrics: metricsOf(title, { top1: accuracy }, { top1: (100 * right) / test.images }),
        figures: [confusionFigure({ title: titleOf(title), classes: [...classes], matrix })],
      };
    } finally {
      features.close();
    }
  },
};
export default stage;

/** Mean feature of each class; undefined for a class that no image shows. */
export function classMeans(
  split: FeatureSplit,
  classes: number,
  size: number,
  checkStop: () => void = () => undefined,
): (Float64Array | undefined)[] {
  const counts = new Array<number>(classes).fill(0);
  const sums = counts.map(() => new Float64Array(size));
  eachFeature(split, checkStop, (feature, label) => {
    counts[label]! += 1;
    const sum = sums[label]!;
    for (let i = 0; i < size; i++) sum[i]! += feature[i]!;
  });
  return sums.map((sum, label) => (counts[label] === 0 ? undefined : sum.map((value) => value / counts[label]!)));
}

/** Counts [actual class][class of the nearest mean] over a split. */
export function confusion(
  split: FeatureSplit,
  means: readonly (Float64Array | undefined)[],
  checkStop: () => void = () => undefined,
): number[][] {
  const matrix = means.map(() => means.map(() => 0));
  eachFeature(split, checkStop, (feature, label) => {
    const distances = means.map((mean) => (mean === undefined ? Infinity : squaredDistance(feature, mean)));
    matrix[label]![distances.indexOf(Math.min(...distances))]! += 1;
  });
  return matrix;
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

function eachFeature(
  split: FeatureSplit,
  checkStop: () => void,
  visit: (feature: Float32Array, label: number) => void,
): void {
  for (let start = 0; start < split.images; start += ROWS) {
    checkStop();
    const rows = Array.from({ length: Math.min(ROWS, split.images - start) }, (_, i) => start + i);
    const values = split.gather(rows);
    const size = values.length / rows.length;
    for (const [i, row] of rows.entries()) visit(values.subarray(i * size, (i + 1) * size), split.labels[row]!);
  }
}
