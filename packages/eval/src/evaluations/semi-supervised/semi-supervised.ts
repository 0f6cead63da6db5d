import type { StageModule } from '@selfsup/kit/stage';
import { z } from 'zod';
import { perClassSchema } from '../../measures/class-draws.ts';
import { tuningSchema } from '../../tuning/tuning-config.ts';

const schema = tuningSchema({
  /** Labelled images per class, each number measured by itself. The default is RotNet's list for CIFAR-10. */
  perClass: perClassSchema.default([20, 100, 400, 1000, 5000]),
  /** `first`: the first K of each class in the split's order, as RotNet does; a number: so many draws by the seed. */
  draws: z.union([z.literal('first'), z.int().min(1)]).default('first'),
});
export type SemiSupervisedConfig = z.infer<typeof schema>;

/**
 * Semi-supervised learning: K labelled images per class, for each K a head is trained on the pretrained encoder, which is
 * `frozen` up to the head's layer (RotNet's CIFAR-10 protocol; recipes §1.3), up to a lower one, or not at all. The metrics
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
