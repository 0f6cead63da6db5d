import { z } from 'zod';

/** Control points of a cubic spline surface that move by less than this part of their distance never fold it. */
const FOLDS = 0.48;

export const schema = z.strictObject({
  /** Numbers in a code z, each uniform in [−1, 1]. */
  codeSize: z.int().min(1).max(64).default(8),
  /** Cells of the grid of control points along each side: few for large, smooth changes. */
  cells: z.int().min(1).max(16).default(2),
  /** Greatest shift of a control point, as a part of the distance between them. */
  shift: z
    .number()
    .positive()
    .max(FOLDS, `control points that move by more than ${FOLDS} of their distance can fold the image over`)
    .default(0.45),
  /** Greatest change of brightness and contrast, locally and for each colour; 0 for none. */
  colour: z.number().min(0).max(0.9, 'the image would go black').default(0.25),
  /** Channels of the first layers of generator and discriminator; later ones have twice as many. */
  width: z.int().min(1).default(32),
  /** Mean change of a pixel from one code to another, of 0..255, below which the generator is pulled towards more. */
  leastChange: z.number().min(0).max(64).default(12),
  /** Weights of the generator's three terms. */
  weights: z
    .strictObject({
      adversarial: z.number().min(0).default(1),
      code: z.number().min(0).default(1),
      change: z.number().min(0).default(1),
    })
    .prefault({}),
});
export type TransformGeneratorConfig = z.infer<typeof schema>;
