import { z } from 'zod';

const atLeastOne = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .min(1)
    .refine((all) => new Set(all).size === all.length, 'one is named twice');

const selectiveSearch = z.strictObject({
  method: z.literal('selective-search'),
  /** Width that images are brought to, in pixels. */
  width: z.int().min(50).max(2000).default(500),
  /** Of the Gaussian before segmentation, in pixels. */
  sigma: z.number().min(0).max(5).default(0.8),
  colours: atLeastOne(z.enum(['hsv', 'lab'])).default(['hsv', 'lab']),
  /** Thresholds of the segmentations, which are the least pixels of a segment too. */
  k: atLeastOne(z.int().min(1).max(10_000)).default([50, 100]),
  similarities: atLeastOne(z.enum(['colour-texture-size-fill', 'texture-size-fill'])).default([
    'colour-texture-size-fill',
    'texture-size-fill',
  ]),
  /** Boxes with a shorter side, in pixels of that width, are dropped. */
  leastSide: z.int().min(1).default(20),
});

const published = z.strictObject({
  method: z.literal('published'),
  /** MATLAB files of R-CNN's authors, such as `voc_2007_test.mat`: a path, or one in the folder that SELFSUP_DATA names. */
  files: z
    .array(
      z.strictObject({
        path: z.string(),
        /** Of its content: a result is that of its config. */
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
});

export const schema = z.strictObject({
  /** Splits of the dataset; all where absent. */
  splits: atLeastOne(z.string()).optional(),
  /** Where the boxes come from: R-CNN's fast settings of selective search by default. */
  from: z.discriminatedUnion('method', [selectiveSearch, published]).prefault({ method: 'selective-search' }),
});
export type ProposalsConfig = z.infer<typeof schema>;
