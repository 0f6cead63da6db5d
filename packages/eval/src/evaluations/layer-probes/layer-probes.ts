// @publishes-linear-probes
import type { StageModule } from '@selfsup/kit/stage';
import { schema, type LayerProbesConfig } from './config.ts';

/**
 * Linear probes at several layers by a published protocol, trained together: each batch of augmented images goes through
 * the frozen encoder once. The metrics are `linear/<protocol>/<layer>/top1`, `…/top5` and `…/top1-best`, in percent; the
 * protocol's name carries a `*` where anything is not as published.
 */
const stage: StageModule<LayerProbesConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).runLayerProbes(context),
};
export default stage;
