import { z } from 'zod';
import { pictureBytes } from './figure-kind.ts';

const pictureSchema = z.strictObject({
  image: pictureBytes,
  caption: z.string(),
  /** What a reader who does not see the picture needs to know; the caption where absent. */
  alt: z.string().optional(),
  /** Pictures of one group stand together under its name. */
  group: z.string().optional(),
  /** Short facts under the picture; `actual` beside `predicted` is marked as right or wrong. */
  facts: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});
/** Pictures with captions, in groups. */
export const picturesSchema = z.strictObject({
  pictures: z.array(pictureSchema),
  /**
   * Whether the same place of the same group shows the same images whatever encoder was used, so that those of several
   * variants belong side by side.
   */
  beside: z.boolean(),
});
export type Picture = z.infer<typeof pictureSchema>;
export type Pictures = z.infer<typeof picturesSchema>;
