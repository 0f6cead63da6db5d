// @publishes-linear-probes
import { z } from 'zod';
import { augmentSchema } from '@selfsup/data/augment';
import type { StageModule } from '@selfsup/kit/stage';
import { cutsEvenly, unevenBatches } from '@selfsup/trainer/replicas';
import { imageSplits } from '../../features/features-config.ts';
import { classifierSettings, headTraining, linearSettings } from '../../heads/head-config.ts';

const settings = {
  ...headTraining,
  ...imageSplits,
  /** Drawn anew for each training image and epoch; test images stay as they are. */
  augment: augmentSchema,
  /** Loader threads. Changes no result. */
  workers: z.int().min(0).default(1),
};
const schema = z
  .discriminatedUnion('head', [
    z.strictObject({ ...settings, ...classifierSettings }),
    z.strictObject({ ...settings, head: z.literal('linear'), ...linearSettings }),
  ])
  .refine(cutsEvenly, unevenBatches);
type Config = z.infer<typeof schema>;

/**
 * A classifier or linear probe whose training images are augmented anew in each epoch and go through the frozen
 * encoder every time, as RotNet's published CIFAR-10 figures were made.
 */
const stage: StageModule<Config> = {
  schema,
  roles: ['encoder', 'dataset'],
  run: async (context) => {
    // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
    const { runAugmentedHead } = await import('../../heads/head-stage.ts');
    return runAugmentedHead(context, context.config);
  },
};
export default stage;
