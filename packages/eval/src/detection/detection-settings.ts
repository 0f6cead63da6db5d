import { z } from 'zod';
import { optimizerSchema, type OptimizerConfig } from '@selfsup/models/optimizers/config';
import { scheduleSchema, type Schedule } from '@selfsup/models/schedules';
import { imageSplits, type ImageSplits } from '../features/features-config.ts';
import type { TrunkBatchNorm } from '../tuning/trunk.ts';
import type { HiddenStyle } from './region-head.ts';
import type { ScaleRule } from './scaled-images.ts';

/** How large images are made: lengths in pixels of the shorter side, and at most of the longer one. */
export const scaleSchema = z.strictObject({ side: z.int().min(16).max(2000), most: z.int().min(16).max(4000) });

/** Settings of every detector; those of the protocol where absent, as far as it has them. */
export const detectionSettings = {
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
  /** Sizes of images: one at random for each training image. */
  scales: z.array(scaleSchema).min(1).optional(),
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
};

/** Those of them that a protocol has. */
export const protocolSettings = [
  ...(['epochs', 'samplesPerEpoch', 'batchSize', 'regions', 'optimizer', 'schedule', 'scales'] as const),
  ...(['difficult', 'batchNorm', 'units', 'hidden'] as const),
];

/** Refuses what no head can be made of. */
export function checkHead<Schema extends z.ZodType<DetectionConfig>>(schema: Schema): Schema {
  return schema
    .refine(({ fullyConnected, units }) => units !== 0 || fullyConnected === 'new', {
      path: ['fullyConnected'],
      message: "There are no fc6 and fc7 with 'units' 0",
    })
    .refine(({ fullyConnected, hidden }) => hidden !== 'batch-norm' || fullyConnected === 'new', {
      path: ['fullyConnected'],
      message: "Those of a checkpoint have their batch norm folded in, so they go with 'hidden' 'dropout'",
    });
}

/** What a config says of every detector. */
export interface DetectionConfig extends ImageSplits {
  readonly protocol: string;
  readonly layer?: string | undefined;
  readonly frozen?: string | undefined;
  readonly fullyConnected: 'new' | 'checkpoint';
  readonly units?: number | undefined;
  readonly hidden?: HiddenStyle | undefined;
  readonly testEvery?: number | undefined;
}

/** How a detector is trained. An epoch of the published ones is 1,000 steps. */
export interface DetectorTraining {
  readonly epochs: number;
  readonly samplesPerEpoch: number;
  /** Images to a step, and regions of each. */
  readonly batchSize: number;
  readonly regions: number;
  readonly optimizer: OptimizerConfig;
  readonly schedule: Schedule;
  /** One of them at random for each training image. */
  readonly scales: readonly ScaleRule[];
  /** Whether difficult objects are trained on. */
  readonly difficult: boolean;
  readonly batchNorm: TrunkBatchNorm;
  readonly units: number;
  readonly hidden: HiddenStyle;
}

/** A protocol with the config's settings in place of its own. */
export interface ResolvedProtocol<Settings extends DetectorTraining = DetectorTraining> {
  /** Its name in the metrics, with a `*` where a setting is another. */
  readonly label: string;
  readonly differences: readonly string[];
  /** Where it was read. */
  readonly source: string;
  readonly settings: Settings;
}
