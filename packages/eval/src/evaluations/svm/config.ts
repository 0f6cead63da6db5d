import { z } from 'zod';
import { layersSchema } from '../../features/features-config.ts';
import { poolingSchema } from '../../features/pooling-config.ts';

/** Published grids of costs. */
export const costGrids = {
  /** Powers of ten from 1e-7 to 100, and of one half from the 4th to the 19th. */
  fair: [
    ...Array.from({ length: 10 }, (_, i) => 10 ** (i - 7)),
    ...Array.from({ length: 16 }, (_, i) => 0.5 ** (i + 4)),
  ].sort((a, b) => a - b),
  vissl: [0.01, 0.1, 1, 2, 5, 10, 15, 20, 50, 100, 1000],
} as const;

export const schema = z.strictObject({
  layers: layersSchema,
  /** Of the feature maps, before they are made vectors. */
  pooling: poolingSchema.default('none'),
  /** Bring vectors to length 1, as both published benchmarks do. */
  normalise: z.boolean().default(true),
  /** A published grid, or costs of one's own. */
  costs: z.union([z.enum(['fair', 'vissl']), z.array(z.number().positive()).min(1)]).default('vissl'),
  /** What the loss of an image of a class counts against one of another class. */
  positiveWeight: z.number().positive().default(2),
  /** Folds of the cross-validation that picks each class's cost by average precision; with 0 every cost is reported. */
  folds: z.union([z.literal(0), z.int().min(2).max(20)]).default(3),
});
export type SvmConfig = z.infer<typeof schema>;
