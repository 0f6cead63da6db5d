import { accuracy } from '@selfsup/kit/metric';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type SupervisedConfig } from './config.ts';

/** Training with the labels of the dataset: the ceiling that pretext tasks are compared with. */
export const supervised: Task<SupervisedConfig> = {
  name: 'supervised',
  schema,
  metricGroup: 'supervised',
  quantities: { top1: accuracy },
  batchNormStatistics: 'joint',
  create: async (context) => (await import('./run.ts')).createSupervised(context),
};

export default trainingStage(supervised);
