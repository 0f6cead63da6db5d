import { z } from 'zod';

export const schema = z.strictObject({
  /** Rotations to tell apart, in quarter turns counter-clockwise; class k is the k-th of them. */
  quarterTurns: z
    .array(z.int().min(0).max(3))
    .min(2)
    .refine((turns) => new Set(turns).size === turns.length, { message: 'each rotation may be named once' })
    .default([0, 1, 2, 3]),
});
export type RotNetConfig = z.infer<typeof schema>;
