import type { StageModule } from '@selfsup/kit/stage';
import { schema, type SemiSupervisedConfig } from './config.ts';

/**
 * Semi-supervised learning: K labelled images per class, for each K a head is trained on the pretrained encoder, which is
 * `frozen` up to the head's layer (RotNet's CIFAR-10 protocol), up to a lower one, or not at all. The metrics
 * are `<title>/<protocol>-k<K>/<layer>/top1` in percent, the mean over the draws, and `…/top1-deviation` for several; the
 * title is `semi-supervised-<head>`, with `-frozen` or `-above-<frozen>`. Gidaris, Singh, Komodakis, ICLR 2018,
 * arXiv:1803.07728.
 */
const stage: StageModule<SemiSupervisedConfig> = {
  schema,
  roles: ['encoder', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).runSemiSupervised(context),
};
export default stage;
