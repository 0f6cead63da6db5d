import type { StageModule } from '@selfsup/kit/stage';
import { schema, type RetrainedLayersConfig } from './config.ts';

/**
 * The "non-linear" evaluation of RotNet and AET on ImageNet: AlexNet stays frozen up to conv4 or conv5, and all that lies
 * above is trained on labels from new weights. Both are trained together: each batch of augmented images goes through the
 * frozen encoder once. The metrics are `retrained/<protocol>/<layer>/top1`, `…/top5` and `…/top1-best`, in percent; the
 * protocol's name carries a `*` where anything is not as published. Gidaris, Singh, Komodakis, ICLR 2018,
 * arXiv:1803.07728; Zhang, Qi, Wang, Luo, CVPR 2019, arXiv:1901.04596.
 */
const stage: StageModule<RetrainedLayersConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).runRetrainedLayers(context),
};
export default stage;
