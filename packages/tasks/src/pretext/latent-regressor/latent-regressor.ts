import { ganParts, ganQuantities } from '../../gan/config.ts';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type LatentRegressorConfig } from './config.ts';

/**
 * The baselines that BiGAN is held against: a GAN whose discriminator sees images alone, and an encoder that is trained
 * directly to invert its generator, on ‖E(G(z)) − z‖². It never sees a real image. Donahue, Krähenbühl, Darrell 2017,
 * arXiv:1605.09782, §§4.1 and 5.
 */
export const latentRegressor: Task<LatentRegressorConfig> = {
  name: 'latent-regressor',
  schema,
  metricGroup: 'pretext',
  quantities: ganQuantities,
  batchNormStatistics: 'per-branch',
  parts: ganParts,
  create: async (context) => (await import('./run.ts')).createLatentRegressor(context),
};

export default trainingStage(latentRegressor);
