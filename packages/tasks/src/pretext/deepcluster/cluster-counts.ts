import { UserError } from '@selfsup/kit/errors';
import type { TaskContext } from '../../task.ts';
import type { DeepClusterConfig } from './config.ts';

/** Images that count as a batch where few are clustered. */
const BATCH = 256;
const DEFAULT_COMPONENTS = 256;
/** Fewer clusters a class than this earn a warning. */
const CLUSTERS_PER_CLASS = 3;

export interface ClusterCounts {
  /** Images to cluster, the first of the training images. */
  readonly images: number;
  readonly clusters: number;
  /** Principal components to whiten to. */
  readonly components: number;
}

/**
 * What is to be clustered how. Throws `UserError` for more clusters than images and for more components than features
 * or images; warns where clusters are about as few as classes.
 *
 * @param width features of an image
 */
export function checkClusterCounts(
  context: Pick<TaskContext<DeepClusterConfig>, 'config' | 'trainingIndices' | 'dataset' | 'extent' | 'progress'>,
  width: number,
): ClusterCounts {
  const { config, trainingIndices, dataset, extent, progress } = context;
  const { clusters, pca } = config;
  const images = trainingIndices.length;
  if (clusters > images) {
    const refusal = new UserError(`${clusters} clusters of ${images} training images: some would stay empty`, {
      field: 'task.clusters',
      remedy: `Ask for far fewer than ${images} clusters, or train on more images.`,
    });
    extent.tooFew(refusal);
    progress.warn(`${clusters} clusters are more than these ${images} images: too many for a whole run`);
  }
  if (pca !== undefined && pca > width) {
    throw new UserError(`${pca} principal components of ${width} features`, {
      field: 'task.pca',
      remedy: `Ask for at most ${width}, or leave it out.`,
    });
  }
  const components = pca ?? Math.min(DEFAULT_COMPONENTS, width);
  if (components >= images) {
    const refusal = new UserError(`${components} principal components of ${images} training images`, {
      field: 'task.pca',
      remedy: `Ask for fewer than ${images}, or train on more images.`,
    });
    extent.tooFew(refusal);
  }
  const classes = dataset.manifest.classes.length;
  if (clusters < CLUSTERS_PER_CLASS * classes) {
    progress.warn(
      `${clusters} clusters are close to the ${classes} classes of ${dataset.manifest.name}: DeepCluster learns best ` +
        `with about ten times as many clusters as classes (task.clusters)`,
    );
  }
  const few = Math.min(images, extent.batches * BATCH);
  return { images: few, clusters: extent.fit(clusters, few >> 1), components: extent.fit(components, few - 1) };
}
