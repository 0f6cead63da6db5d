import { z } from 'zod';
import { ganFields } from '../../gan/config.ts';

export const schema = z.strictObject(ganFields);
export type BiganConfig = z.infer<typeof schema>;
