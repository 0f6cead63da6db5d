import { z } from 'zod';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { scheduleSchema } from '@selfsup/models/schedules';
import { imageSplits } from '../../features/features-config.ts';
import { withOwnSettings } from '../../heads/own-settings.ts';
import { detectionProtocols, type DetectionProtocol, type ProtocolName } from './protocols.ts';

const names = Object.keys(detectionProtocols) as [ProtocolName];

const scales = z
  .array(z.strictObject({ side: z.int().min(16).max(2000), most: z.int().min(16).max(4000) }))
  .min(1)
  .optional();

export const schema = z
  .strictObject({
    protocol: z.enum(names),
    /** Layer from whose map regions are pooled; the encoder's last probe point where absent. */
    layer: z.string().optional(),
    /** Layers up to this one are not trained. */
    frozen: z.string().optional(),
    /** Whether fc6 and fc7 are new or those that the pretraining left beside the encoder. */
    fullyConnected: z.enum(['new', 'checkpoint']).default('new'),
    ...imageSplits,
    /** What follows replaces the protocol's own. */
    epochs: z.int().min(1).optional(),
    /** Draws that make an epoch. */
    samplesPerEpoch: z.int().min(1).optional(),
    /** Images to a step. */
    batchSize: z.int().min(1).optional(),
    /** Regions of an image, a quarter of them of objects. */
    regions: z.int().min(4).optional(),
    optimizer: optimizerSchema.optional(),
    schedule: scheduleSchema.optional(),
    /** Lengths in pixels of the shorter side, and at most of the longer one: one at random for each training image. */
    scales,
    /** Of test images: each region is looked at at the best of them. */
    testScales: scales,
    /** Train on difficult objects too. */
    difficult: z.boolean().optional(),
    /** What becomes of the encoder's batch norm. */
    batchNorm: z.enum(['folded', 'frozen', 'trained']).optional(),
    /** Of fc6 and of fc7; with 0 there are none. */
    units: z.int().min(0).optional(),
    /** What follows the products of fc6 and fc7: ReLU and dropout, or batch norm and ReLU. */
    hidden: z.enum(['dropout', 'batch-norm']).optional(),
    /** Epochs from one test to the next; only after the last where absent. */
    testEvery: z.int().min(1).optional(),
  })
  .refine(({ fullyConnected, units }) => units !== 0 || fullyConnected === 'new', {
    path: ['fullyConnected'],
    message: "There are no fc6 and fc7 with 'units' 0",
  })
  .refine(({ fullyConnected, hidden }) => hidden !== 'batch-norm' || fullyConnected === 'new', {
    path: ['fullyConnected'],
    message: "Those of a checkpoint have their batch norm folded in, so they go with 'hidden' 'dropout'",
  });
export type VocDetectionConfig = z.infer<typeof schema>;

const overridable = [
  ...(['epochs', 'samplesPerEpoch', 'batchSize', 'regions', 'optimizer', 'schedule', 'scales', 'testScales'] as const),
  ...(['difficult', 'batchNorm', 'units', 'hidden'] as const),
];

/** The protocol with the config's settings in place of its own; its label has a `*` where one of them is another. */
export function resolve(config: VocDetectionConfig) {
  const { source, ...published }: DetectionProtocol = detectionProtocols[config.protocol];
  const { settings, differences } = withOwnSettings(published, config, overridable);
  const label = `${config.protocol}${differences.length > 0 ? '*' : ''}`;
  return { source, label, differences, settings };
}
