import type { StageModule } from '@selfsup/kit/stage';
import { plainTuningSchema, type TuningConfig } from '../../tuning/tuning-config.ts';

/**
 * Fine-tuning: a head on a layer of a pretrained encoder and the encoder itself, whole or above a frozen layer, are trained
 * on labels together, each part with its own learning rate. The metrics are `<title>/<protocol>/<layer>/top1` (after the
 * last epoch) and `…/top1-best`, in percent, the title `fine-tuned-<head>`, with `-above-<frozen>`, or
 * `-frozen` where only the head is trained. The blob `checkpoint` is the encoder afterwards, with the head.
 */
const stage: StageModule<TuningConfig> = {
  schema: plainTuningSchema,
  roles: ['encoder', 'dataset'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./run.ts')).runFineTuning(context),
};
export default stage;
