import type { StageModule } from '@selfsup/kit/stage';
import { schema, type VocFasterRcnnConfig } from './config.ts';

/**
 * Object detection by transfer: Faster R-CNN on a pretrained encoder (Ren et al. 2015, arXiv:1506.01497), which proposes regions
 * itself. The metrics are those of `eval/voc-detection`, `detection/<protocol>/<layer>/map-11`, `…/map-envelope` and `…/objects`;
 * and for the regions that it proposes in the test images, as `eval/proposals` measures them, `proposals/<protocol>/<layer>/recall50`
 * and `…/recall70`, the share of objects in percent (difficult ones left out) that a region overlaps by half, or 0.7, `…/overlap`,
 * the mean best overlap, and `…/boxes`, regions an image. The blob `checkpoint` is the encoder afterwards, with the networks above
 * it; `detections` has every box that was found in the test images.
 */
const stage: StageModule<VocFasterRcnnConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  run: async (context) => (await import('./run.ts')).runVocFasterRcnn(context),
};
export default stage;

export const imagesHave = 'boxes';
export const takesAnyLayer = true;
