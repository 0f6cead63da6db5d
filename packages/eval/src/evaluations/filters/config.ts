import { z } from 'zod';

export const schema = z.strictObject({
  /** What is stretched to 0..255: the range of each kernel by itself, or that of all, in which weak kernels look grey. */
  contrast: z.enum(['each', 'all']).default('each'),
  /** Least pixels a side of a kernel in `filters.png`. */
  cell: z.int().min(1).max(256).default(44),
});
export type FiltersConfig = z.infer<typeof schema>;
