import { z } from 'zod';
import { subsetSchema } from '@selfsup/data/subset';
import { distinct } from '@selfsup/kit/parse';

/** How a feature map becomes a vector: the mean over its cells, or all of it. */
export const vectorSchema = z.enum(['average', 'flatten']);

/** Layers to measure, each by itself. */
export const layersSchema = distinct(z.string(), 'a layer');

/** Images that go through the encoder at a time where features are kept. Changes no result. */
export const extractionBatch = 250;

/** Which images to train on and to test on. */
export const imageSplits = {
  train: z.strictObject({ split: z.string().default('train'), subset: subsetSchema.optional() }).prefault({}),
  test: z.strictObject({ split: z.string().default('test'), subset: subsetSchema.optional() }).prefault({}),
};
export type ImageSplits = z.infer<z.ZodObject<typeof imageSplits>>;

/** The config section of `eval/features`. */
export const featuresSchema = z.strictObject({
  /** Probe points of the encoder, such as `conv2`. */
  layers: layersSchema,
  ...imageSplits,
  /** Images at a time. Changes no result. */
  batchSize: z.int().min(2).default(extractionBatch),
  /** Loader threads. Changes no result. */
  workers: z.int().min(0).default(0),
});
export type FeaturesConfig = z.infer<typeof featuresSchema>;
