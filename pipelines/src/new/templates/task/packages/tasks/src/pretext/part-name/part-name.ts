import { accuracy } from '@selfsup/kit/metric';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type PartNameConfig } from './config.ts';

/** An encoder learns to tell whether an image is upside down. */
export const partNameTask: Task<PartNameConfig> = {
  name: 'part-name',
  schema,
  // Its metrics are called pretext/<name>.
  metricGroup: 'pretext',
  quantities: { 'flip-accuracy': accuracy },
  // Upright and flipped images are normalised with the statistics of the whole batch.
  batchNormStatistics: 'joint',
  // What loads TensorFlow is imported only to train: checking an experiment stays a matter of milliseconds.
  create: async (context) => (await import('./run.ts')).createPartName(context),
};

// The trainer does the rest: batches, optimiser, schedule, checkpoints, resuming, curves.
export default trainingStage(partNameTask);
