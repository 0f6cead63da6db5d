import { z } from 'zod';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { scheduleSchema } from '@selfsup/models/schedules';
import { imageSplits } from '../../features/features-config.ts';
import { withOwnSettings } from '../../heads/own-settings.ts';
import { transferProtocols, type ProtocolName } from './protocols.ts';

const names = Object.keys(transferProtocols) as [ProtocolName];

export const schema = z
  .strictObject({
    protocol: z.enum(names),
    /** The last layer, all above the encoder, or all. */
    trained: z.enum(['fc8', 'fc6-8', 'all']),
    /** Whether fc6 and fc7 are new or those that the pretraining left beside the encoder. */
    fullyConnected: z.enum(['new', 'checkpoint']).default('new'),
    /** Side of the crops in pixels; that of the encoder's images where absent. */
    side: z.int().min(16).max(1024).optional(),
    /** Random crops of each test image, over which its scores are added up. */
    crops: z.int().min(1).default(10),
    ...imageSplits,
    /** What follows replaces the protocol's own. */
    epochs: z.int().min(1).optional(),
    /** Draws that make an epoch. */
    samplesPerEpoch: z.int().min(1).optional(),
    batchSize: z.int().min(1).optional(),
    optimizer: optimizerSchema.optional(),
    schedule: scheduleSchema.optional(),
    /** What the learning rate is multiplied by for biases. */
    biases: z.number().positive().optional(),
    /** Most that the joint L2 norm of the gradients may be. */
    clipNorm: z.number().positive().optional(),
    /** What becomes of the encoder's batch norm. */
    batchNorm: z.enum(['folded', 'frozen', 'trained']).optional(),
    /** Bring all layers to the same rate of change before training. */
    balance: z.boolean().optional(),
    /** Of fc6 and fc7; with 0 there are none, and fc8 stands on the global average. */
    units: z.int().min(0).optional(),
    /** Epochs from one test to the next; only after the last where absent. */
    testEvery: z.int().min(1).optional(),
    /** Loader threads. Changes no result. */
    workers: z.int().min(0).default(1),
  })
  .refine(({ trained, units }) => units !== 0 || trained !== 'fc6-8', {
    path: ['trained'],
    message: "There are no fc6 and fc7 with 'units' 0: train 'fc8' or 'all'",
  })
  .refine(({ fullyConnected, units }) => units !== 0 || fullyConnected === 'new', {
    path: ['fullyConnected'],
    message: "There are no fc6 and fc7 with 'units' 0",
  });
export type VocClassificationConfig = z.infer<typeof schema>;

const overridable = [
  ...(['epochs', 'samplesPerEpoch', 'batchSize', 'optimizer', 'schedule', 'clipNorm', 'batchNorm'] as const),
  ...(['biases', 'balance', 'units'] as const),
];

/** The protocol with the config's settings in place of its own; its label has a `*` where one of them is another. */
export function resolve(config: VocClassificationConfig) {
  const { source, ...published } = transferProtocols[config.protocol](config.trained);
  const { settings, differences } = withOwnSettings(published, config, overridable);
  const star = differences.length > 0 || config.crops !== 10 ? '*' : '';
  return { source, label: `${config.protocol}${star}`, differences, settings };
}
