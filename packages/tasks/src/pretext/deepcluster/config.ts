import { z } from 'zod';

export const schema = z.strictObject({
  /** Clusters, and outputs of the head: far more than there are classes (about 10 times as many). */
  clusters: z.int().min(2),
  /** Principal components that features are whitened to; 256, or all where there are fewer, if absent. */
  pca: z.int().positive().optional(),
  /** Rounds of k-means at each reassignment. */
  iterations: z.int().positive().default(20),
  /** Starts of k-means, of which the best is kept. */
  restarts: z.int().positive().default(1),
  /** Epochs that one assignment is trained on. */
  reassignEvery: z.int().positive().default(1),
  /**
   * What an epoch draws. `uniform`: the same number of images from each cluster. `released`: what the authors' released
   * code does, whose draws are read as places in another list, so that large clusters still prevail.
   */
  sampling: z.enum(['uniform', 'released']).default('uniform'),
  /** Momentum of the fresh head's SGD; the authors' code has none. */
  headMomentum: z.number().min(0).lt(1).default(0),
});
export type DeepClusterConfig = z.infer<typeof schema>;
