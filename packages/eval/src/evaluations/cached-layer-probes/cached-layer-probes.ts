// @publishes-linear-probes
import type { StageModule } from '@selfsup/kit/stage';
import { schema, type CachedLayerProbesConfig } from './config.ts';

/**
 * `eval/layer-probes` on cached features: much faster, but without augmentation and with one view of each test image, so
 * that the protocol's name always carries a `*`.
 */
const stage: StageModule<CachedLayerProbesConfig> = {
  schema,
  roles: ['features'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('../layer-probes/run.ts')).runCachedLayerProbes(context),
};
export default stage;
