import { z } from 'zod';

const side = z.int().min(1);
const window = z
  .strictObject({ size: side, stride: side, padding: z.int().min(0).default(0) })
  .refine(({ size, padding }) => 2 * padding <= size, { path: ['padding'], message: 'is over half of the size' });

/**
 * What is done to a feature map before a linear layer: nothing; pooling to so many bins a side by PyTorch's adaptive
 * rule; pooling by windows of so many cells (padded zeros count in averages, and never win a maximum); or bilinear
 * sampling at so many points a side (Zhang et al.).
 */
export const poolingSchema = z.union([
  z.literal('none'),
  z.strictObject({ adaptiveAverage: side }),
  z.strictObject({ adaptiveMax: side }),
  z.strictObject({ average: window }),
  z.strictObject({ max: window }),
  z.strictObject({ resize: side }),
]);
export type Pooling = z.infer<typeof poolingSchema>;
