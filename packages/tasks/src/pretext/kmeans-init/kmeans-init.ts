import { z } from 'zod';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';

const schema = z.strictObject({
  /** `kmeans`: centroids of whitened patches of what a layer sees; `random`: the weights that were drawn, only rescaled. */
  filters: z.enum(['kmeans', 'random']).default('kmeans'),
  /** Patches that are clustered for a layer, taken at random places of the images. */
  patches: z.int().min(2).default(20_000),
  /** Iterations of k-means. */
  iterations: z.int().min(1).default(20),
});
export type KmeansInitConfig = z.infer<typeof schema>;

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
  create: async (context) => (await import('./initialise.ts')).createKmeansInit(context),
};

export default trainingStage(kmeansInit);
