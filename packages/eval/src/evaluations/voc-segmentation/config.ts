import { z } from 'zod';
import { optimizerSchema } from '@selfsup/models/optimizers/config';
import { scheduleSchema } from '@selfsup/models/schedules';
import { imageSplits } from '../../features/features-config.ts';
import { resolvedProtocol } from '../../heads/own-settings.ts';
import { segmentationProtocols, type ProtocolName, type SegmentationProtocol } from './protocols.ts';

const names = Object.keys(segmentationProtocols) as [ProtocolName];

export const schema = z
  .strictObject({
    protocol: z.enum(names),
    /** Probe points whose scores are added to those from above, the coarsest first: a finer stride. */
    skips: z
      .array(z.string())
      .refine((all) => new Set(all).size === all.length, 'a layer is named twice')
      .default([]),
    /** Side of fc6 in units of the last map; that of the map in pretraining where absent. */
    window: z.int().min(1).max(15).optional(),
    /** Whether fc6 and fc7 are new or those that the pretraining left beside the encoder. */
    fullyConnected: z.enum(['new', 'checkpoint']).default('new'),
    ...imageSplits,
    /** What follows replaces the protocol's own. */
    epochs: z.int().min(1).optional(),
    /** Draws that make an epoch. */
    samplesPerEpoch: z.int().min(1).optional(),
    /** Images to a step. */
    batchSize: z.int().min(1).optional(),
    optimizer: optimizerSchema.optional(),
    schedule: scheduleSchema.optional(),
    /** Which biases learn twice as fast and do not decay. */
    fastBiases: z.enum(['none', 'scores', 'all']).optional(),
    /** Zeros around the image, in pixels. */
    pad: z.int().min(0).max(500).optional(),
    /** Side of a random square to train on. */
    crop: z.int().min(16).optional(),
    /** Mirror half of the training images. */
    flip: z.boolean().optional(),
    /** What becomes of the encoder's batch norm. */
    batchNorm: z.enum(['folded', 'frozen', 'trained']).optional(),
    /** Of fc6 and of fc7; with 0 there are none, and the last map is scored. */
    units: z.int().min(0).optional(),
    /** Epochs from one test to the next; only after the last where absent. */
    testEvery: z.int().min(1).optional(),
  })
  .refine(({ fullyConnected, units }) => units !== 0 || fullyConnected === 'new', {
    path: ['fullyConnected'],
    message: "There are no fc6 and fc7 with 'units' 0",
  });
export type VocSegmentationConfig = z.infer<typeof schema>;

const overridable = [
  ...([
    'epochs',
    'samplesPerEpoch',
    'batchSize',
    'optimizer',
    'schedule',
    'fastBiases',
    'pad',
    'crop',
    'flip',
  ] as const),
  ...(['batchNorm', 'units'] as const),
];

/** The protocol with the config's settings in place of its own; its label has a `*` where one of them is another. */
export function resolve(config: VocSegmentationConfig) {
  const published: SegmentationProtocol = segmentationProtocols[config.protocol];
  return resolvedProtocol(published, config, overridable);
}
