import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type KmeansInitConfig } from './config.ts';

/**
 * k-means initialisation with data-dependent rescaling (Krähenbühl et al. 2016, arXiv:1511.06856): layer by layer, filters
 * from patches of the training images, then every channel brought to mean 0.1 and deviation 1. Trains nothing, whatever the
 * config's epochs. Uses all images of the stage: `data.subset` chooses about 160, as published.
 */
export const kmeansInit: Task<KmeansInitConfig> = {
  name: 'kmeans-init',
  schema,
  metricGroup: 'pretext',
  quantities: {},
  batchNormStatistics: 'joint',
  create: async (context) => (await import('./run.ts')).createKmeansInit(context),
};

/** Its filters are learned from images, whatever its epochs. */
export const learnsWithoutEpochs = true;

export default trainingStage(kmeansInit);
