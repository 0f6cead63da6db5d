import type { Quantity } from '@selfsup/kit/metric';
import { z } from 'zod';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';

const schema = z.strictObject({
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

const share: Quantity = { unit: 'share', better: 'more' };
const count: Quantity = { unit: 'count', better: 'neither' };
const quantities = {
  'nmi-previous': { ...share, better: 'neither' },
  'nmi-labels': share,
  'largest-cluster': count,
  'empty-clusters': count,
} as const;

/**
 * DeepCluster: cluster the features of all images, train the network to tell the clusters apart, and again. Caron,
 * Bojanowski, Joulin, Douze: Deep Clustering for Unsupervised Learning of Visual Features, ECCV 2018, arXiv:1807.05520.
 */
export const deepcluster: Task<DeepClusterConfig> = {
  name: 'deepcluster',
  schema,
  metricGroup: 'pretext',
  quantities,
  batchNormStatistics: 'joint',
  create: async (context) => (await import('./cluster-prediction.ts')).createDeepCluster(context),
};

export default trainingStage(deepcluster);
