import { z } from 'zod';
import { augmentSchema } from '@selfsup/data/augment';
import { cutsEvenly, unevenBatches } from '@selfsup/trainer/replicas';
import { imageSplits } from '../features/features-config.ts';
import { classifierSettings, headTraining, linearSettings } from '../heads/head-config.ts';

const settings = {
  ...headTraining,
  ...imageSplits,
  /** Layers up to this probe point keep their weights and statistics; where absent the whole network is trained. */
  frozen: z.string().optional(),
  /**
   * What the schedule's learning rate is multiplied by, for `head` and by probe point for the encoder's layers between the
   * probe point before and this one; 1 where not named.
   */
  learningRates: z.record(z.string(), z.number().positive()).default({}),
  /** Drawn anew for each training image and epoch. */
  augment: augmentSchema,
  /** Epochs from one test to the next; the last one is tested always. */
  testEvery: z.int().min(1).default(1),
  /** Loader threads. Changes no result. */
  workers: z.int().min(0).default(1),
};

/** The config of a stage that trains a head and the encoder's upper layers on labels, with `more` settings. */
export function tuningSchema<More extends z.core.$ZodShape>(more: More) {
  const schema = z.discriminatedUnion('head', [
    z.strictObject({ ...settings, ...more, ...classifierSettings }),
    z.strictObject({ ...settings, ...more, head: z.literal('linear'), ...linearSettings }),
  ]);
  return schema.refine((config) => cutsEvenly(config as Parameters<typeof cutsEvenly>[0]), unevenBatches);
}

/** Without further settings. */
export const plainTuningSchema = tuningSchema({});
export type TuningConfig = z.infer<typeof plainTuningSchema>;

/** First part of the metrics' names: what was trained. */
export function tuningTitle(kind: string, { head, frozen, layer }: TuningConfig): string {
  return `${kind}-${head}${frozen === undefined ? '' : frozen === layer ? '-frozen' : `-above-${frozen}`}`;
}
