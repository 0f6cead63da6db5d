import type { NameForms } from './name-forms.ts';
import { smallExperiment } from './small-experiment.ts';
import type { Template } from './template.ts';

/** A pretext task with two classes: is the image upside down? */
export const taskTemplate: Template = (forms) => {
  const { name, title } = forms;
  const folder = `packages/tasks/src/pretext/${name}`;
  const experiment = `${name}-small`;
  return {
    files: {
      [`${folder}/${name}.ts`]: definition(forms),
      [`${folder}/${name}-training.ts`]: training(forms),
      [`${folder}/${name}.test.ts`]: test(forms),
      [`pipelines/experiments/${experiment}/experiment.json`]: smallExperiment({
        ...{ name: experiment, task: name, epochs: 6, title: `${title} on rendered shapes, small` },
        summary: 'Predict whether an image is upside down, then probe conv2 beside the same probe on random weights.',
      }),
      [`docs/${name}.md`]: page(forms),
    },
    next: ['npx selfsup schema', `npx selfsup check ${experiment}`, `npx nx run pipeline:${experiment}`],
  };
};

const definition = ({ name, camel, pascal }: NameForms): string => `import { accuracy } from '@selfsup/kit/metric';
import { z } from 'zod';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';

// The "task" section of the stage's config. Give every setting a default here; a key that is not named is an error.
const schema = z.strictObject({});
export type ${pascal}Config = z.infer<typeof schema>;

/** An encoder learns to tell whether an image is upside down. */
export const ${camel}Task: Task<${pascal}Config> = {
  name: '${name}',
  schema,
  // Its metrics are called pretext/<name>.
  metricGroup: 'pretext',
  quantities: { 'flip-accuracy': accuracy },
  // Upright and flipped images are normalised with the statistics of the whole batch.
  batchNormStatistics: 'joint',
  // What loads TensorFlow is imported only to train: checking an experiment stays a matter of milliseconds.
  create: async (context) => (await import('./${name}-training.ts')).create${pascal}(context),
};

// The trainer does the rest: batches, optimiser, schedule, checkpoints, resuming, curves.
export default trainingStage(${camel}Task);
`;

const training = ({ name, camel, pascal }: NameForms): string => `import { tf } from '@selfsup/engine/tensorflow';
import { classificationTask } from '../../steps/classification-task.ts';
import type { TaskContext, TaskInstance } from '../../task.ts';
import type { ${pascal}Config } from './${name}.ts';

const CLASSES = ['upright', 'upside down'];

/** Turns images [batch, height, width, channels] upside down: the order of their rows is reversed. */
export function upsideDown(images: tf.Tensor4D): tf.Tensor4D {
  return images.reverse(1);
}

/** Builds encoder and classifier; see \`${camel}Task\`. */
export async function create${pascal}(context: TaskContext<${pascal}Config>): Promise<TaskInstance> {
  return classificationTask(context, {
    outputs: CLASSES,
    measure: 'flip-accuracy',
    // Each image twice, all upright ones first: [batch, …] to [2 · batch, …].
    inputs: (images) => tf.concat([images, upsideDown(images)]),
    // The class of each input; those of the dataset are not used but for their number.
    labels: (classes) => CLASSES.flatMap((_name, label) => new Array<number>(classes.length).fill(label)),
    // For the report, with what the trained network says about them.
    picture: {
      images: 6,
      group: 'Test images and what was predicted',
      alt: (image, way) => \`Test image \${image}, \${way}\`,
    },
  });
}
`;

const test = ({ name, camel, pascal }: NameForms): string => `import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import { figureData } from '@selfsup/report/testing/figure-data';
import { afterAll, expect, test } from 'vitest';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { trainOn } from '../../training/run-training.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { upsideDown } from './${name}-training.ts';
import stage, { ${camel}Task } from './${name}.ts';

const folder = mkdtempSync(join(tmpdir(), '${name}-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('${pascal}: rows change places, columns and channels do not', () => {
  // Two rows of one pixel each, with three channels.
  const image = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 1, 3]);
  expect([...upsideDown(image).dataSync()]).toEqual([4, 5, 6, 1, 2, 3]);
});

test('${pascal} learns which generated images are upside down', async () => {
  const result = await trainOn(generatedDataset(), ${camel}Task, trainingContext(${camel}Task, folder, { epochs: 6 }));
  expect(metricValues(result.metrics)['pretext/flip-accuracy']).toBeGreaterThan(90);
  const { pictures } = figureData(result, 'pictures');
  expect(pictures).toHaveLength(12);
});

test('${pascal} refuses settings that it does not know', () => {
  const config = { network: { name: 'nin' }, epochs: 1, task: { unknown: 1 } };
  expect(stage.schema.safeParse(config).success).toBe(false);
});
`;

const page = ({ name, title }: NameForms): string => `# ${title}

**Pretext task.** Each image is shown as it is and upside down; the network says which of the two it sees.

**A batch.** Augmented images, then the same images with their rows reversed: 128 images make 256 samples. Normalisation
comes after the flip. Loss: mean cross entropy over two classes. Batch-norm statistics are joint over both.

**Configuration** (\`stages.pretrain.config.task\`): none yet. Settings are declared in
[${name}.ts](../packages/tasks/src/pretext/${name}/${name}.ts).

**Evaluation.** \`pretext/flip-accuracy\`: percentage of test images, both ways round, that are recognised. Linear probe on
conv2, encoder frozen, beside the same probe on random weights.

**Experiments.** \`${name}-small\` (rendered shapes, about a minute).
`;
