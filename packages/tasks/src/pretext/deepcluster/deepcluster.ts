import type { Quantity } from '@selfsup/kit/metric';
import type { Task } from '../../task.ts';
import { trainingStage } from '../../training/training-stage.ts';
import { schema, type DeepClusterConfig } from './config.ts';

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
  create: async (context) => (await import('./run.ts')).createDeepCluster(context),
};

export default trainingStage(deepcluster);
