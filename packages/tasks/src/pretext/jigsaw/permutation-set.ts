import { z } from 'zod';
import { integer, randomKey } from '@selfsup/kit/random';
import { givenFilePath, givenFileSchema } from '../../training/given-file.ts';
import { fromAnyBase, readPermutations } from './permutation-files.ts';
import { ALL_PERMUTATIONS, faultOf, greedyPermutations, type Permutation } from './permutations.ts';

const made = z.strictObject({
  count: z
    .int()
    .min(1, 'a puzzle needs at least one permutation')
    .max(ALL_PERMUTATIONS, `nine tiles have only ${ALL_PERMUTATIONS} orders`),
  rule: z.enum(['max-average', 'mean', 'max-min']).default('max-average'),
  /** Chooses the first permutation; not the experiment's seed, so that all its runs solve the same puzzles. */
  seed: z.int().min(0).default(0),
});

const given = z.strictObject({
  /** Symbols from 0 to 8, or from 1 to 9. */
  rows: z
    .array(z.array(z.int()))
    .min(1, 'a puzzle needs at least one permutation')
    .superRefine((rows, context) => {
      const fault = faultOf(fromAnyBase(rows), rows);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    }),
});

/** The permutation set of a puzzle: made by a rule, given by hand, or read from a .bin or .npy file. */
export const permutationSetSchema = z.union([made, given, givenFileSchema]);
export type PermutationSetConfig = z.infer<typeof permutationSetSchema>;

/**
 * The permutations that a config names, in the order of their classes. Throws `UserError` where a file is missing, is no
 * permutation set, or not the one that its digest says.
 */
export async function permutationSet(config: PermutationSetConfig): Promise<Permutation[]> {
  if ('rows' in config) return fromAnyBase(config.rows);
  if ('count' in config) {
    const first = integer(randomKey(config.seed, 'permutation-set'), ALL_PERMUTATIONS);
    return greedyPermutations(config.count, config.rule, first);
  }
  return readPermutations(await givenFilePath(config, 'task.permutations', 'permutation set'));
}

/** Symbols of a permutation as papers print them, from 1: `9 4 6 8 3 2 5 1 7`. */
export function printed(order: Permutation): string {
  return order.map((symbol) => symbol + 1).join(' ');
}
