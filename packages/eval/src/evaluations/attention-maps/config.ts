import { z } from 'zod';
import { subsetSchema } from '@selfsup/data/subset';
import { distinct } from '@selfsup/kit/parse';
import { layersSchema } from '../../features/features-config.ts';

export const schema = z
  .strictObject({
    /** Probe points that give maps, such as `conv1`. */
    layers: layersSchema,
    /** p by layer. Where absent 1 for conv1, 2 for conv2, 4 for deeper ones; 1 for layers of other names. */
    powers: z.record(z.string(), z.number().positive()).default({}),
    /** Images that are shown: the same for all encoders of a seed. */
    images: subsetSchema.default({ count: 8 }),
    split: z.string().default('test'),
    /** Degrees counter-clockwise by which copies are turned before they go through the encoder. */
    rotations: distinct(z.literal([0, 90, 180, 270]), 'a rotation').default([0, 90, 180, 270]),
    /** Pixels a side of one copy in the pictures; where absent 64, and 112 for images above 64 pixels. */
    cell: z.int().min(16).max(512).optional(),
  })
  .superRefine(({ layers, powers }, context) => {
    for (const layer of Object.keys(powers))
      if (!layers.includes(layer))
        context.addIssue({ code: 'custom', path: ['powers', layer], message: `is none of: ${layers.join(', ')}` });
  });
export type AttentionMapsConfig = z.infer<typeof schema>;
