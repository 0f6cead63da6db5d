import type { StageModule } from '@selfsup/kit/stage';
import { schema, type LowShotConfig } from './config.ts';

/**
 * Low-shot classification on cached features: k training images of each class, several draws, a linear SVM or a linear
 * probe (Goyal, Mahajan, Gupta, Misra 2019, arXiv:1905.01235). The metrics are
 * `low-shot-svm/cost<c>-k<k>/<layer>/top1` and `low-shot-linear/<protocol>-k<k>/<layer>/top1` in percent, for the SVM
 * `…/map` too, the mean over classes of VOC's average precision in [0, 1]: means over the draws, `…-deviation` theirs
 * (n − 1). `cost<c>` becomes `cost<c>-n<n>` with n·k negatives a class and has a `*` where `normalise` or `positiveWeight`
 * is not the benchmark's.
 */
const stage: StageModule<LowShotConfig> = {
  schema,
  roles: ['features'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).measureLowShot(context),
};
export default stage;
