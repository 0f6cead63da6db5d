import type { StageModule } from '@selfsup/kit/stage';
import { schema, type VocDetectionConfig } from './config.ts';

/**
 * Object detection by transfer: Fast R-CNN on a pretrained encoder (Girshick 2015, arXiv:1504.08083), on regions that the stage
 * under `proposals` proposes, or on windows all over the images where there is none. The metrics are
 * `detection/<protocol>/<layer>/map-11`, the mean over classes of VOC 2007's average precision at an overlap of one half,
 * `…/map-envelope` by VOC's rule since 2010, both in [0, 1], and `…/objects`, how many there were to be found; the protocol
 * carries a `*` where a setting is not the published one. The blob `checkpoint` is the encoder afterwards, with the layers
 * above it; `detections` has every box that was found in the test images.
 */
const stage: StageModule<VocDetectionConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  optionalRoles: ['proposals'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).runVocDetection(context),
};
export default stage;

export const imagesHave = 'boxes';
export const takesAnyLayer = true;
