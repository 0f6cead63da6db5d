import type { StageModule } from '@selfsup/kit/stage';
import { schema, type RetrievalConfig } from './config.ts';

/**
 * Image retrieval in cached features: training images are ranked by their nearness to each query, a test image; those of
 * its class are relevant; queries of a class without training images are left out. The metrics are `retrieval/<protocol>/<layer>/map`, `…/precision-at-<k>` and
 * `…/recall-at-<k>`, in [0, 1]; the protocol is `cosine`, `euclidean`, or with `-average`. The pictures show the nearest
 * training images beside their queries.
 */
const stage: StageModule<RetrievalConfig> = {
  schema,
  roles: ['features', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).measureRetrieval(context),
};
export default stage;
