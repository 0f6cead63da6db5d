import type { StageModule } from '@selfsup/kit/stage';
import { schema, type BoxRetrievalConfig } from './config.ts';

/**
 * Retrieval over objects, as in Jigsaw (Noroozi, Favaro 2016, arXiv:1603.09246, §4): each box of the test images, warped to the
 * size of the encoder's images, is a query for boxes of the training images; those of its class are relevant. The metrics are
 * `box-retrieval/cosine/<layer>/map`, average precision averaged over the queries of a class and then over classes,
 * `…/precision-at-<k>` likewise, and `…/chance`, the mean over those classes of their share of the boxes, in [0, 1];
 * `…/queries`, how many there were.
 */
const stage: StageModule<BoxRetrievalConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).measureBoxRetrieval(context),
};
export default stage;

export const imagesHave = 'boxes';
export const takesAnyLayer = true;
