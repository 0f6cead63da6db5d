import { z } from 'zod';
import { distinct } from '@selfsup/kit/parse';
import { imageSplits } from '../../features/features-config.ts';
import { overridableTraining } from '../../heads/probe-config.ts';
import { retrainingProtocols } from './protocols.ts';

const names = Object.keys(retrainingProtocols) as [keyof typeof retrainingProtocols];

export const schema = z.strictObject({
  protocol: z.enum(names),
  /** Layers up to which the encoder stays frozen. */
  layers: distinct(z.enum(['conv4', 'conv5']), 'a layer').default(['conv4', 'conv5']),
  /** Units of fc6 and of fc7; 4096 in the protocols. */
  units: z.int().min(1).optional(),
  ...overridableTraining,
  /** Epochs from one test to the next; the last one is tested always. */
  testEvery: z.int().min(1).default(1),
  ...imageSplits,
  /** Loader threads. Changes no result. */
  workers: z.int().min(0).default(1),
});
export type RetrainedLayersConfig = z.infer<typeof schema>;
