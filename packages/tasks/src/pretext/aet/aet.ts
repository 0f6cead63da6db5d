import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type AetConfig } from './config.ts';

/**
 * Auto-encoding transformations: an encoder sees an image and the same image transformed, and a decoder of one linear
 * layer on both vectors estimates the transformation. Zhang, Qi, Wang, Luo: AET vs. AED, CVPR 2019, arXiv:1901.04596.
 * Both images go through the encoder in one batch: joint batch-norm statistics.
 */
export const aet: Task<AetConfig> = {
  name: 'aet',
  schema,
  metricGroup: 'pretext',
  quantities: {},
  batchNormStatistics: 'joint',
  rolesFor: (config) => (config.transformation === 'generated' && config.generator === undefined ? ['generator'] : []),
  create: async (context) => (await import('./run.ts')).createAet(context),
};

export default trainingStage(aet);
