import { z } from 'zod';

export const schema = z.strictObject({
  /** `kmeans`: centroids of whitened patches of what a layer sees; `random`: the weights that were drawn, only rescaled. */
  filters: z.enum(['kmeans', 'random']).default('kmeans'),
  /** Patches that are clustered for a layer, taken at random places of the images. */
  patches: z.int().min(2).default(20_000),
  /** Iterations of k-means. */
  iterations: z.int().min(1).default(20),
  /** Then scale the layers so that all would change at the same rate. Only where there is no batch norm. */
  balance: z.boolean().default(false),
});
export type KmeansInitConfig = z.infer<typeof schema>;
