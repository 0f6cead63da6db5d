import type { StageModule } from '@selfsup/engine/stage';
import { z } from 'zod';
import { headTraining, linearSettings } from '../head-config.ts';

const schema = z.strictObject({ ...headTraining, ...linearSettings });
type Config = z.infer<typeof schema>;

/** Linear probe on cached features: pooling, batch norm without affine, one linear layer. */
const stage: StageModule<Config> = {
  schema,
  roles: ['features'],
  run: async (context) => {
    // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
    const [{ runHead }, { openCachedSource }] = await Promise.all([
      import('../head-stage.ts'),
      import('../cached-source.ts'),
    ]);
    return runHead(context, { ...context.config, head: 'linear' }, openCachedSource);
  },
};
export default stage;
