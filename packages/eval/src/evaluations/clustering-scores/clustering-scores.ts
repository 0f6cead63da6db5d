import type { StageModule } from '@selfsup/kit/stage';
import { z } from 'zod';
import { poolingSchema } from '../../features/pooling-config.ts';
import { layersSchema } from '../../features/vector-config.ts';

const schema = z.strictObject({
  layers: layersSchema,
  /** Numbers of clusters, each measured by itself; as many as there are classes where absent. */
  k: z
    .array(z.int().min(2))
    .min(1)
    .refine((all) => new Set(all).size === all.length, 'a number is named twice')
    .optional(),
  /** Images that are clustered. */
  part: z.enum(['train', 'test']).default('train'),
  /** Of the feature maps, before they are made vectors. */
  pooling: poolingSchema.default('none'),
  /** Reduce vectors to so many whitened principal components, as DeepCluster does (256). */
  pca: z.int().min(1).optional(),
  /** Bring vectors to length 1 before they are clustered. */
  normalise: z.boolean().default(true),
  iterations: z.int().min(1).default(20),
  restarts: z.int().min(1).default(1),
});
export type ClusteringScoresConfig = z.infer<typeof schema>;

/**
 * k-means on cached features, its clusters held against the classes. The metrics are
 * `clusters/<protocol>/<layer>/<score>` in [0, 1]: nmi-arithmetic, nmi-geometric, nmi-max, nmi-min, ami, purity and
 * hungarian; the protocol is `kmeans-k100`, with `-pca256`, `-raw` where vectors keep their length, and `-test`.
 */
const stage: StageModule<ClusteringScoresConfig> = {
  schema,
  roles: ['features'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./measure.ts')).measureClusters(context),
};
export default stage;
