import { ganParts, ganQuantities } from '../../gan/config.ts';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type BiganConfig } from './config.ts';

/**
 * BiGAN: a generator turns codes into images, an encoder images into codes, and a discriminator tells pairs (x, E(x)) from
 * pairs (G(z), z); to deceive it, the encoder has to invert the generator. Donahue, Krähenbühl, Darrell: Adversarial
 * Feature Learning, ICLR 2017, arXiv:1605.09782. Real and generated images have batch-norm statistics of their own.
 */
export const bigan: Task<BiganConfig> = {
  name: 'bigan',
  schema,
  metricGroup: 'pretext',
  quantities: ganQuantities,
  batchNormStatistics: 'per-branch',
  parts: ganParts,
  create: async (context) => (await import('./run.ts')).createBigan(context),
};

export default trainingStage(bigan);
