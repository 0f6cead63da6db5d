import { z } from 'zod';

// The "task" section of the stage's config. Give every setting a default here; a key that is not named is an error.
export const schema = z.strictObject({});
export type PartNameConfig = z.infer<typeof schema>;
