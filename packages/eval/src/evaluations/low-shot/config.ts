import { z } from 'zod';
import { layersSchema } from '../../features/features-config.ts';
import { poolingSchema } from '../../features/pooling-config.ts';
import { headTraining, linearSettings } from '../../heads/head-config.ts';
import { perClassSchema } from '../../measures/class-draws.ts';

const sampling = {
  layers: layersSchema,
  /** Training images of each class, each number measured by itself. */
  shots: perClassSchema.default([1, 2, 4, 8, 16, 32, 64, 96]),
  /** Draws by the seed. */
  draws: z.int().min(1).default(5),
};
const { epochs, batchSize, dropLast, samplesPerEpoch, optimizer, schedule, initialiser, protocol } = headTraining;

export const schema = z.discriminatedUnion('classifier', [
  z.strictObject({
    classifier: z.literal('svm'),
    ...sampling,
    /** Of the feature maps, before they are made vectors. */
    pooling: poolingSchema.default('none'),
    /** Bring vectors to length 1. */
    normalise: z.boolean().default(true),
    /** Each is reported by itself: with one image of a class there is nothing to pick it by. */
    costs: z
      .array(z.number().positive())
      .min(1)
      .refine((all) => new Set(all).size === all.length, 'a cost is named twice')
      .default([1]),
    /** What the loss of an image of a class counts against one of another class. */
    positiveWeight: z.number().positive().default(2),
    /**
     * Images of other classes that a class's machine sees: `others`, those drawn for the other classes (Places); a number n,
     * n·k drawn for each class (VOC: classes − 1, which is 19).
     */
    negatives: z.union([z.literal('others'), z.int().min(1)]).default('others'),
  }),
  z.strictObject({
    classifier: z.literal('linear'),
    ...sampling,
    protocol,
    ...linearSettings,
    ...{ epochs, batchSize, samplesPerEpoch, optimizer, schedule, initialiser },
    dropLast: dropLast.unwrap().default(false),
  }),
]);
export type LowShotConfig = z.infer<typeof schema>;
export type LowShotSvm = Extract<LowShotConfig, { classifier: 'svm' }>;
export type LowShotLinear = Extract<LowShotConfig, { classifier: 'linear' }>;
