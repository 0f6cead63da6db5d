import { z } from 'zod';
import { distinct } from '@selfsup/kit/parse';
import { layersSchema, vectorSchema } from '../../features/features-config.ts';

export const schema = z
  .strictObject({
    layers: layersSchema,
    /** Numbers of neighbours, each measured by itself. The defaults are those of self-label. */
    k: distinct(z.int().min(1), 'a number').default([1, 5, 10, 50, 200]),
    metric: z.enum(['cosine', 'euclidean']).default('cosine'),
    /** `weighted`: a neighbour of cosine similarity s counts exp(s / sigma); `plain`: each counts one. */
    votes: z.enum(['weighted', 'plain']).default('weighted'),
    /** The temperature. */
    sigma: z.number().positive().default(0.1),
    /** Compare means over the cells of a feature map, or all of its values. */
    vector: vectorSchema.default('flatten'),
  })
  .refine(({ metric, votes }) => metric === 'cosine' || votes === 'plain', {
    path: ['votes'],
    message: "weighted votes need the cosine metric; use 'plain'",
  });
export type KnnConfig = z.infer<typeof schema>;
