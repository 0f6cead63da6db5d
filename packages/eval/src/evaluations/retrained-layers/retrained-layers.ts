import type { StageModule } from '@selfsup/kit/stage';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { scheduleSchema } from '@selfsup/models/schedules';
import { z } from 'zod';
import { imageParts } from '../../features/features-config.ts';
import { retrainingProtocols } from './protocols.ts';

const names = Object.keys(retrainingProtocols) as [keyof typeof retrainingProtocols];

const schema = z.strictObject({
  protocol: z.enum(names),
  /** Layers up to which the encoder stays frozen. */
  layers: z
    .array(z.enum(['conv4', 'conv5']))
    .min(1)
    .refine((layers) => new Set(layers).size === layers.length, 'a layer is named twice')
    .default(['conv4', 'conv5']),
  /** Units of fc6 and of fc7; 4096 in the protocols. */
  units: z.int().min(1).optional(),
  epochs: z.int().min(1).optional(),
  batchSize: z.int().min(1).optional(),
  /** Draws that make an epoch; the number of images where absent. More go through the images again. */
  samplesPerEpoch: z.int().min(1).optional(),
  optimizer: optimizerSchema.optional(),
  schedule: scheduleSchema.optional(),
  /** Epochs from one test to the next; the last one is tested always. */
  testEvery: z.int().min(1).default(1),
  ...imageParts,
  /** Loader threads. Changes no result. */
  workers: z.int().min(0).default(1),
});
export type RetrainedLayersConfig = z.infer<typeof schema>;

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
