import { clusterSizeEntropy, normalisedMutualInformation } from '@selfsup/numerics/clustering-scores';
import type { Clustering } from './clustering.ts';
import { clusterSizes } from './pseudo-labels.ts';

/**
 * Scores of an assignment: normalised mutual information (arithmetic mean) with the one before and with the
 * labels, where there are such; entropy of the cluster sizes in nats (at most ln of the clusters); clusters without
 * members; members of the largest; and the sum of squared distances.
 *
 * @param previous `[images]` clusters of the same images before
 * @param labels `[images]` classes, -1 for none; used for nothing else
 */
export function assignmentScores(
  { assignment, objective }: Clustering,
  clusters: number,
  previous: Int32Array | undefined,
  labels: Int32Array,
): Record<string, number> {
  const sizes = clusterSizes(assignment, clusters);
  return {
    ...(previous && { 'nmi-previous': normalisedMutualInformation(assignment, previous, 'arithmetic') }),
    ...(labels.every((label) => label >= 0) && {
      'nmi-labels': normalisedMutualInformation(assignment, labels, 'arithmetic'),
    }),
    'cluster-entropy': clusterSizeEntropy(sizes),
    'empty-clusters': sizes.filter((size) => size === 0).length,
    'largest-cluster': sizes.reduce((a, b) => Math.max(a, b), 0),
    'kmeans-objective': objective,
  };
}
