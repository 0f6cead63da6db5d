import type { StageModule } from '@selfsup/kit/stage';
import { schema, type KnnConfig } from './config.ts';

/**
 * k nearest neighbours in cached features: test images get the class that most of their neighbours among the training
 * images have. Nothing is trained. The metrics are `knn/<protocol>/<layer>/top1` and, for more than five
 * classes and at least five neighbours, `…/top5`, in percent: only classes with a vote are ranked. The protocol says all settings: `cosine-weighted0.1-k200`, `euclidean-plain-k1-average`.
 */
const stage: StageModule<KnnConfig> = {
  schema,
  roles: ['features'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).measureKnn(context),
};
export default stage;
