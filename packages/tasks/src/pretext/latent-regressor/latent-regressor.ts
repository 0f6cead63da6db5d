import { z } from 'zod';
import { ganFields, ganParts, ganQuantities } from '../../gan/config.ts';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';

const schema = z.strictObject({
  ...ganFields,
  /** Whether the generator, too, is trained to be easy to invert (the joint latent regressor). */
  joint: z.boolean().default(false),
  /** Weight of the encoder's objective in the generator's loss, where joint. */
  weight: z.number().positive().default(0.25),
});
export type LatentRegressorConfig = z.infer<typeof schema>;

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
  create: async (context) => (await import('./regression.ts')).createLatentRegressor(context),
};

export default trainingStage(latentRegressor);
