import { UserError } from '@selfsup/kit/errors';
import type { TaskContext } from '../../task.ts';
import type { DeepClusterConfig } from './config.ts';

/** Images whose features a dry run clusters. */
const DRY_RUN_IMAGES = 512;
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
  context: Pick<TaskContext<DeepClusterConfig>, 'config' | 'trainingIndices' | 'dataset' | 'dryRun' | 'progress'>,
  width: number,
): ClusterCounts {
  const { config, trainingIndices, dataset, dryRun, progress } = context;
  const { clusters, pca } = config;
  const images = trainingIndices.length;
  if (clusters > images && !dryRun) {
    throw new UserError(`${clusters} clusters of ${images} training images: some would stay empty`, {
      field: 'task.clusters',
      remedy: `Ask for far fewer than ${images} clusters, or train on more images.`,
    });
  }
  if (pca !== undefined && pca > width) {
    throw new UserError(`${pca} principal components of ${width} features`, {
      field: 'task.pca',
      remedy: `Ask for at most ${width}, or leave it out.`,
    });
  }
  const components = pca ?? Math.min(DEFAULT_COMPONENTS, width);
  if (components >= images && !dryRun) {
    throw new UserError(`${components} principal components of ${images} training images`, {
      field: 'task.pca',
      remedy: `Ask for fewer than ${images}, or train on more images.`,
    });
  }
  const classes = dataset.manifest.classes.length;
  if (clusters < CLUSTERS_PER_CLASS * classes) {
    progress.warn(
      `${clusters} clusters are close to the ${classes} classes of ${dataset.manifest.name}: DeepCluster learns best ` +
        `with about ten times as many clusters as classes (task.clusters)`,
    );
  }
  if (!dryRun) return { images, clusters, components };
  const few = Math.min(images, DRY_RUN_IMAGES);
  if (clusters > images)
    progress.warn(`${clusters} clusters are more than these ${images} images: too many in earnest`);
  return { images: few, clusters: Math.min(clusters, few >> 1), components: Math.min(components, few - 1) };
}
