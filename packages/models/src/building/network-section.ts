import { z } from 'zod';

/** The `network` section of a config: a name, and whatever that network's own schema allows. Needs no TensorFlow. */
export const networkSchema = z.looseObject({ name: z.string().regex(/^[a-z0-9-]+$/) });
export type NetworkSection = z.infer<typeof networkSchema>;
