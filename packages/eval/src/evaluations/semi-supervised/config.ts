import { z } from 'zod';
import { perClassSchema } from '../../measures/class-draws.ts';
import { tuningSchema } from '../../tuning/tuning-config.ts';

export const schema = tuningSchema({
  /** Labelled images per class, each number measured by itself. The default is RotNet's list for CIFAR-10. */
  perClass: perClassSchema.default([20, 100, 400, 1000, 5000]),
  /** `first`: the first K of each class in the split's order, as RotNet does; a number: so many draws by the seed. */
  draws: z.union([z.literal('first'), z.int().min(1)]).default('first'),
});
export type SemiSupervisedConfig = z.infer<typeof schema>;
