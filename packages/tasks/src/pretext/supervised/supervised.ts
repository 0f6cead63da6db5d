import { accuracy } from '@selfsup/kit/metric';
import { z } from 'zod';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';

const schema = z.strictObject({});
export type SupervisedConfig = z.infer<typeof schema>;

/** Training with the labels of the dataset: the ceiling that pretext tasks are compared with. */
export const supervised: Task<SupervisedConfig> = {
  name: 'supervised',
  schema,
  metricGroup: 'supervised',
  quantities: { top1: accuracy },
  batchNormStatistics: 'joint',
  create: async (context) => (await import('./label-prediction.ts')).createSupervised(context),
};

export default trainingStage(supervised);
