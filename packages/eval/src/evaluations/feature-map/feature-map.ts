import type { StageModule } from '@selfsup/kit/stage';
import { schema, type FeatureMapConfig } from './config.ts';

/**
 * Cached features in two dimensions: points coloured by class, and the images themselves at their places. For the report
 * a figure each; for any page `map-<layer>-<method>.svg`, light or dark as its reader's system is. The metrics are
 * `map/<protocol>/<layer>/explained-variance` (PCA: the part of the variance that the map shows) and `…/neighbours-kept`
 * (the part of an image's nearest neighbours that are its nearest in the map too), in [0, 1].
 */
const stage: StageModule<FeatureMapConfig> = {
  schema,
  roles: ['features'],
  rolesFor: ({ thumbnails }) => (thumbnails > 0 ? ['dataset'] : []),
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).mapFeatures(context),
};
export default stage;
