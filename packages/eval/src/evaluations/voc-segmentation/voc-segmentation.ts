import type { StageModule } from '@selfsup/kit/stage';
import { schema, type VocSegmentationConfig } from './config.ts';

/**
 * Semantic segmentation by transfer: an encoder becomes a fully convolutional network and is trained on images with masks (Long,
 * Shelhamer, Darrell 2015, arXiv:1411.4038). The metrics are `segmentation/<protocol>/stride-<s>/mean-iu`, `…/pixel-accuracy`,
 * `…/mean-accuracy` and `…/weighted-iu` in percent, from one count of all test pixels, void left out, and `…/positives`, how many
 * pairs of a test image and a class that it shows there are; the protocol carries a `*` where a setting is not its own. The blob
 * `checkpoint` is the encoder afterwards, with the layers above it.
 */
const stage: StageModule<VocSegmentationConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).runVocSegmentation(context),
};
export default stage;

export const imagesHave = 'masks';
