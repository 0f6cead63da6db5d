import type { StageModule } from '@selfsup/kit/stage';
import { schema, type SvmConfig } from './config.ts';

/**
 * Linear support vector machines on cached features, one against the rest (Goyal et al. 2019, arXiv:1905.01235):
 * squared hinge, L2, all classes, costs and folds solved as one batched problem. The metrics are
 * `svm/<protocol>/<layer>/top1` in percent and `…/map`, the mean over classes of VOC's average precision in [0, 1];
 * the protocol is `fair-cv3`, `vissl-cv3`, or `cost<c>` where every cost is reported, with a `*` where another setting is
 * not the benchmarks'.
 */
const stage: StageModule<SvmConfig> = {
  schema,
  roles: ['features'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).measureSvm(context),
};
export default stage;
