import { z } from 'zod';
import type { StageModule } from '@selfsup/kit/stage';
import { cutsEvenly, unevenBatches } from '@selfsup/trainer/replicas';
import { classifierSettings, headTraining } from '../../heads/head-config.ts';

const schema = z.strictObject({ ...headTraining, ...classifierSettings }).refine(cutsEvenly, unevenBatches);
type Config = z.infer<typeof schema>;

/** RotNet's and AET's classifiers on cached features: one to three fully connected layers, or a conv block. */
const stage: StageModule<Config> = {
  schema,
  roles: ['features'],
  run: async (context) => {
    // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
    const { runCachedHead } = await import('../../heads/head-stage.ts');
    return runCachedHead(context, context.config);
  },
};
export default stage;
