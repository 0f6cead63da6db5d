import { isAbsolute, join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { sha256File } from '@selfsup/engine/files';
import { integer, randomKey } from '@selfsup/engine/random';
import { z } from 'zod';
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

const read = z.strictObject({
  /** A .bin or .npy file; a relative path is looked for in SELFSUP_DATA. */
  file: z.string(),
  /** Of the file's bytes, so that another file is never taken for it. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the 64 hexadecimal digits that sha256sum prints'),
});

/** The permutation set of a puzzle: made by a rule, given by hand, or read from a file. */
export const permutationSetSchema = z.union([made, given, read]);
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
  const file = isAbsolute(config.file) ? config.file : join(process.env['SELFSUP_DATA'] ?? '', config.file);
  const rows = readPermutations(file);
  const digest = await sha256File(file);
  if (digest !== config.sha256) {
    throw new UserError(`The permutation set is another one: its sha256 is ${digest}`, {
      file,
      field: 'task.permutations.sha256',
      remedy: 'Give the file that the config means, or write its digest there.',
    });
  }
  return rows;
}

/** Symbols of a permutation as papers print them, from 1: `9 4 6 8 3 2 5 1 7`. */
export function printed(order: Permutation): string {
  return order.map((symbol) => symbol + 1).join(' ');
}
