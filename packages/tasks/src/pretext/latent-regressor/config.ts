import { z } from 'zod';
import { ganFields } from '../../gan/config.ts';

export const schema = z.strictObject({
  ...ganFields,
  /** Whether the generator, too, is trained to be easy to invert (the joint latent regressor). */
  joint: z.boolean().default(false),
  /** Weight of the encoder's objective in the generator's loss, where joint. */
  weight: z.number().positive().default(0.25),
});
export type LatentRegressorConfig = z.infer<typeof schema>;
