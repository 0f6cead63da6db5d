import type { StageModule } from '@selfsup/kit/stage';
import { schema, type ClusteringScoresConfig } from './config.ts';

/**
 * k-means on cached features, its clusters held against the classes. The metrics are
 * `clusters/<protocol>/<layer>/<score>` in [0, 1]: nmi-arithmetic, nmi-geometric, nmi-max, nmi-min, ami, purity and
 * hungarian; the protocol is `kmeans-k100`, with `-pca256`, `-raw` where vectors keep their length, and `-test`.
 */
const stage: StageModule<ClusteringScoresConfig> = {
  schema,
  roles: ['features'],
  shares: true,
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).measureClusters(context),
};
export default stage;
