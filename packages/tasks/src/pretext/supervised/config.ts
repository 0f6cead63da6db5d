import { z } from 'zod';

export const schema = z.strictObject({});
export type SupervisedConfig = z.infer<typeof schema>;
