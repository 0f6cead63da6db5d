import { z } from 'zod';
import { imageSplits, layersSchema } from '../../features/features-config.ts';
import { poolingSchema } from '../../features/pooling-config.ts';

export const schema = z.strictObject({
  /** Layers of the encoder whose maps are compared, each by itself: `pool5`, AlexNet's last one, in the published figure. */
  layers: layersSchema,
  /** Of the maps, before they are made vectors. */
  pooling: poolingSchema.default('none'),
  /** Boxes of fewer pixels are left out. */
  leastArea: z.number().min(1).default(10_000),
  /** Whether difficult objects are asked for and found. */
  difficult: z.boolean().default(false),
  ...imageSplits,
  /** Numbers of results after which precision is taken. */
  k: z
    .array(z.int().min(1))
    .min(1)
    .refine((all) => new Set(all).size === all.length, 'a number is named twice')
    .default([1, 5, 10]),
  /** Queries of the pictures, one row each; and results beside each query. */
  pictures: z.int().min(0).max(50).default(8),
  shown: z.int().min(1).max(20).default(4),
});
export type BoxRetrievalConfig = z.infer<typeof schema>;
