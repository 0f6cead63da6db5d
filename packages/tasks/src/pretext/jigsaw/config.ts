import { z } from 'zod';
import { geometrySchema } from './geometry.ts';
import { permutationSetSchema } from './permutation-set.ts';

const head = z.strictObject({
  /**
   * Units of fc6 over the global average of a tile's last feature map. Absent: the network's own embedding, which is fc6
   * for `cfn`.
   */
  fc6: z.int().positive().optional(),
  /** Units of fc7 over the nine tiles' vectors side by side. */
  fc7: z.int().positive().default(4096),
  /** Of fc6 (where it is named here) and fc7, after their ReLU. */
  dropout: z.number().min(0).lt(1).default(0.5),
  /**
   * How these layers begin. `gaussian`, as published: fc6 and fc7 normal with deviation 0.005 and bias 1, the last layer 0.01
   * and 0. `pytorch`: uniform within ±1/√inputs, biases too.
   */
  start: z.enum(['gaussian', 'pytorch']).default('gaussian'),
});

export const schema = z.strictObject({
  /** `paper`, `released`, `small`, or sides of cell and tile in pixels; the window is three cells wide. */
  geometry: geometrySchema.default('paper'),
  /** The orders to tell apart. */
  permutations: permutationSetSchema.prefault({ count: 1000 }),
  /**
   * `tile`: each tile's own mean and deviation (the paper); `dataset`: the stage's normalisation.
   */
  tileNormalisation: z.enum(['tile', 'dataset']).default('tile'),
  /** Most pixels by which each channel of a tile is shifted, against the clue of chromatic aberration. */
  colourShift: z.int().min(0).max(16).default(0),
  head: head.prefault({}),
  /** Test images that the puzzle accuracy is measured on, the first of their split; all where absent. */
  testImages: z.int().positive().optional(),
});
export type JigsawConfig = z.infer<typeof schema>;
