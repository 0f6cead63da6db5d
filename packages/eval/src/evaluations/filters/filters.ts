import type { StageModule } from '@selfsup/kit/stage';
import { z } from 'zod';

const schema = z.strictObject({
  /** What is stretched to 0..255: the range of each kernel by itself, or that of all, in which weak kernels look grey. */
  contrast: z.enum(['each', 'all']).default('each'),
  /** Least pixels a side of a kernel in `filters.png`. */
  cell: z.int().min(1).max(256).default(44),
});
export type FiltersConfig = z.infer<typeof schema>;

/**
 * The kernels of an encoder's first convolution as pictures: a figure, which the report shows, and `filters.png`.
 * Kernels on colour images are shown in colour, on grey ones in grey; behind a fixed front end (Sobel) each kernel and the
 * front end are one kernel on the image's grey, which is what is shown.
 */
const stage: StageModule<FiltersConfig> = {
  schema,
  roles: ['encoder'],
  // TensorFlow is loaded only to run: schemas are read by tools that must start at once.
  run: async (context) => (await import('./draw.ts')).drawFilters(context),
};
export default stage;
