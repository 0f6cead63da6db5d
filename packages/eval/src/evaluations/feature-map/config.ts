import { z } from 'zod';
import { distinct } from '@selfsup/kit/parse';
import { layersSchema, vectorSchema } from '../../features/features-config.ts';

/** More classes than colours and marks can tell apart. */
export const mostClasses = 20;

export const schema = z.strictObject({
  layers: layersSchema,
  /** Principal components, UMAP, or both. */
  methods: distinct(z.enum(['pca', 'umap']), 'a method').default(['pca', 'umap']),
  part: z.enum(['train', 'test']).default('test'),
  /** Means over the cells of a feature map, or all of its values. */
  vector: vectorSchema.default('average'),
  /** Images that are drawn, by the seed; all where there are fewer. */
  images: z.int().min(3).max(20_000).default(2000),
  /** Classes that are coloured; the first twenty where absent. Others are grey. */
  classes: distinct(z.string(), 'a class').max(mostClasses).optional(),
  /** Of UMAP, and of the share of neighbours that the maps keep. */
  neighbours: z.int().min(2).max(200).default(15),
  metric: z.enum(['cosine', 'euclidean']).default('cosine'),
  umap: z
    .strictObject({
      minDistance: z.number().min(0).max(1).default(0.1),
      /** Passes over the graph; 500 for up to 2,500 images and fewer for more where absent. */
      epochs: z.int().min(1).optional(),
    })
    .prefault({}),
  /** Thumbnails beside each other in the second picture of each map; 0 for none. */
  thumbnails: z.int().min(0).max(60).default(24),
});
export type FeatureMapConfig = z.infer<typeof schema>;
