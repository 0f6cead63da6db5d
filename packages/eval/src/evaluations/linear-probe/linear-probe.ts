// @publishes-linear-probes
import { z } from 'zod';
import type { StageModule } from '@selfsup/kit/stage';
import { cutsEvenly, unevenBatches } from '@selfsup/trainer/replicas';
import { headTraining, linearSettings } from '../../heads/head-config.ts';

const schema = z.strictObject({ ...headTraining, ...linearSettings }).refine(cutsEvenly, unevenBatches);
type Config = z.infer<typeof schema>;

/** Linear probe on cached features: pooling, batch norm without affine, one linear layer. */
const stage: StageModule<Config> = {
  schema,
  roles: ['features'],
  run: async (context) => {
    // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
    const { runCachedHead } = await import('../../heads/head-stage.ts');
    return runCachedHead(context, { ...context.config, head: 'linear' });
  },
};
export default stage;
