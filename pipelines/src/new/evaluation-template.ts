import type { NameForms } from './name-forms.ts';
import type { Template } from './template.ts';

/** An evaluation of cached features: each test image takes the class whose mean feature is nearest. */
export const evaluationTemplate: Template = (forms) => {
  const { name } = forms;
  const folder = `packages/eval/src/evaluations/${name}`;
  const stage = {
    uses: `eval/${name}`,
    needs: { features: 'features' },
    config: { protocol: 'small', layer: 'conv2' },
  };
  return {
    files: { [`${folder}/${name}.ts`]: evaluation(forms), [`${folder}/${name}.test.ts`]: test(forms) },
    next: [
      'npx selfsup schema',
      `npm test -- ${name}`,
      `add to the stages of an experiment: "${name}": ${JSON.stringify(stage)}`,
    ],
  };
};

const evaluation = ({ name, pascal }: NameForms): string => `import { accuracy, metricsOf } from '@selfsup/kit/metric';
import { confusion as confusionFigure } from '@selfsup/report/figures/confusion';
import { Interrupted, type StageModule } from '@selfsup/kit/stage';
import { z } from 'zod';
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
type ${pascal}Config = z.infer<typeof schema>;

/** Images whose features are in memory at a time. */
const ROWS = 256;

/**
 * Nearest class mean: each test image takes the class whose mean training feature is nearest to its own. Says little
 * where colour and place vary more than form, as in the dataset shapes, whose class means are nearly the same.
 */
const stage: StageModule<${pascal}Config> = {
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
      progress.note(\`nearest class mean on \${config.layer}: \${train.images} training images\`);
      const size = features.shape.reduce((product, side) => product * side, 1);
      const means = classMeans(train, classes.length, size, checkStop);
      const matrix = confusion(test, means, checkStop);
      const right = matrix.reduce((sum, row, label) => sum + row[label]!, 0);
      const title = { head: '${name}', protocol: config.protocol, layer: config.layer };
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
`;

const test = ({ name, pascal }: NameForms): string => `import { expect, test } from 'vitest';
import { splitOf } from '../../testing/in-memory.ts';
import stage, { classMeans, confusion } from './${name}.ts';

// Features of two numbers; class 0 lies around (1, 0), class 1 around (0, 3), class 2 is never shown.
const train = splitOf(Float32Array.of(0, 0, 2, 0, 0, 2, 0, 4), Int32Array.of(0, 0, 1, 1));
const test3 = splitOf(Float32Array.of(1, 1, 0, 9, 0, 2.9), Int32Array.of(0, 1, 0));

test('${pascal}: means are those of each class', () => {
  const means = classMeans(train, 3, 2);
  expect(means.map((mean) => mean && [...mean])).toEqual([[1, 0], [0, 3], undefined]);
});

test('${pascal}: each image takes the class of the nearest mean', () => {
  expect(confusion(test3, classMeans(train, 3, 2))).toEqual([
    [1, 1, 0],
    [0, 1, 0],
    [0, 0, 0],
  ]);
});

test('${pascal} refuses settings that it does not know', () => {
  expect(stage.schema.safeParse({ protocol: 'small', layer: 'conv2' }).success).toBe(true);
  expect(stage.schema.safeParse({ protocol: 'small', layer: 'conv2', epochs: 1 }).success).toBe(false);
});
`;
