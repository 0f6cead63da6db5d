import type { StageModule } from '@selfsup/kit/stage';
import { schema, type ProposalsConfig } from './config.ts';

/**
 * Boxes that may hold objects, for each image of a dataset: made by selective search, or read from published files. The blob
 * `proposals` is what detection reads. The metrics are `proposals/<method>/recall50-<split>`, `recall70-<split>`: the share of
 * objects in percent (difficult ones left out) that a box overlaps by at least half, or 0.7; `overlap-<split>`, the mean best overlap; and
 * `boxes-<split>`, boxes an image.
 */
const stage: StageModule<ProposalsConfig> = {
  schema,
  roles: ['dataset'],
  run: async (context) => (await import('./run.ts')).proposeBoxes(context),
};
export default stage;
