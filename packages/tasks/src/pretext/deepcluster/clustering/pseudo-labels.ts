/** Clusters that have members, as classes. */
export interface PseudoLabels {
  /** `[images]` class of each image, 0…`count` - 1. */
  readonly labels: Int32Array;
  /** Clusters that have members. */
  readonly count: number;
  /** `[images in each class]`, places in `labels`, ascending. */
  readonly members: readonly Uint32Array[];
}

/**
 * Cluster numbers as class labels: numbered anew over the clusters that have members, in their order, since an empty
 * cluster is no class (recipes: the head keeps its outputs all the same).
 *
 * @param assignment `[images]` cluster of each image, 0…`clusters` - 1
 */
export function pseudoLabels(assignment: Int32Array, clusters: number): PseudoLabels {
  const sizes = clusterSizes(assignment, clusters);
  const classOf = new Int32Array(clusters).fill(-1);
  const members: Uint32Array[] = [];
  sizes.forEach((size, cluster) => {
    if (size === 0) return;
    classOf[cluster] = members.length;
    members.push(new Uint32Array(size));
  });
  const filled = new Uint32Array(members.length);
  const labels = Int32Array.from(assignment, (cluster) => classOf[cluster]!);
  labels.forEach((label, image) => {
    members[label]![filled[label]!++] = image;
  });
  return { labels, count: members.length, members };
}

/** `[clusters]` number of images in each cluster. Throws `RangeError` for a cluster number outside. */
export function clusterSizes(assignment: Int32Array, clusters: number): Uint32Array {
  const sizes = new Uint32Array(clusters);
  for (const cluster of assignment) {
    if (cluster < 0 || cluster >= clusters) throw new RangeError(`Cluster ${cluster} of ${clusters}`);
    sizes[cluster]!++;
  }
  return sizes;
}
