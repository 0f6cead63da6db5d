import { z } from 'zod';

export const schema = z.strictObject({
  /** Channels of the decoder's layers. */
  width: z.int().min(1).default(64),
});
export type AedConfig = z.infer<typeof schema>;
