import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type AedConfig } from './config.ts';

/**
 * Auto-encoding data, which AET is compared with: the same encoder, its last feature map decoded back into the image. The
 * loss is the mean squared error of normalised pixels. Zhang, Qi, Wang, Luo: AET vs. AED, CVPR 2019, arXiv:1901.04596.
 */
export const aed: Task<AedConfig> = {
  name: 'aed',
  schema,
  metricGroup: 'pretext',
  quantities: {},
  batchNormStatistics: 'joint',
  create: async (context) => (await import('./run.ts')).createAed(context),
};

export default trainingStage(aed);
