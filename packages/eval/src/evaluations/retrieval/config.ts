import { z } from 'zod';
import { distinct } from '@selfsup/kit/parse';
import { layersSchema, vectorSchema } from '../../features/features-config.ts';

export const schema = z.strictObject({
  layers: layersSchema,
  /** Numbers of results after which precision and recall are taken. */
  k: distinct(z.int().min(1), 'a number').default([1, 5, 10, 100]),
  metric: z.enum(['cosine', 'euclidean']).default('cosine'),
  /** Compare means over the cells of a feature map, or all of its values. */
  vector: vectorSchema.default('flatten'),
  /** Test images that are asked for, drawn by the seed; `all` of them takes long where there are many. */
  queries: z.union([z.int().min(1), z.literal('all')]).default(1000),
  /** Queries of the pictures, one row each; and results beside each query. */
  pictures: z.int().min(0).max(50).default(8),
  shown: z.int().min(1).max(20).default(9),
});
export type RetrievalConfig = z.infer<typeof schema>;
