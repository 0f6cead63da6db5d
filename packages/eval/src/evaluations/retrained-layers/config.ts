import { z } from 'zod';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { scheduleSchema } from '@selfsup/models/schedules';
import { imageParts } from '../../features/features-config.ts';
import { retrainingProtocols } from './protocols.ts';

const names = Object.keys(retrainingProtocols) as [keyof typeof retrainingProtocols];

export const schema = z.strictObject({
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
