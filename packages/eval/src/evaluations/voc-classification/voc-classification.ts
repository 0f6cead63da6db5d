import type { StageModule } from '@selfsup/kit/stage';
import { schema, type VocClassificationConfig } from './config.ts';

/**
 * Classification of images that show several classes, by transfer: new layers fc6 to fc8 on a pretrained encoder are trained
 * with a sigmoid for each class, alone or together with the encoder (Krähenbühl et al. 2016, arXiv:1511.06856; Caron et al.
 * 2018, arXiv:1807.05520). The metrics are `voc-<trained>/<protocol>/map`, the mean over classes of average precision as
 * scikit-learn has it, `…/map-11` by VOC's eleven points and `…/map-envelope` as VOC has it since 2010, in [0, 1], and
 * `…/positives`, how many instances of the classes were to be found; the protocol carries a `*` where a setting is not the
 * published one. The blob `checkpoint` is the encoder afterwards, with the layers above it.
 */
const stage: StageModule<VocClassificationConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).runVocClassification(context),
};
export default stage;
