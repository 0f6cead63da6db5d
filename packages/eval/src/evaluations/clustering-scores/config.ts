import { z } from 'zod';
import { distinct } from '@selfsup/kit/parse';
import { layersSchema } from '../../features/features-config.ts';
import { poolingSchema } from '../../features/pooling-config.ts';

export const schema = z.strictObject({
  layers: layersSchema,
  /** Numbers of clusters, each measured by itself; as many as there are classes where absent. */
  k: distinct(z.int().min(2), 'a number').optional(),
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
