import { z } from 'zod';
import { accuracy } from '@selfsup/kit/metric';
import { networkSchema } from '@selfsup/models/network-section';

/** What all tasks with a generator and an encoder share in their `task` section. Loads no TensorFlow. */
export const ganFields = {
  /** Values of a code; the prior is uniform in [−1, 1] for each. */
  latent: z.int().min(1, 'a code has at least one value').default(50),
  /** The network that gives generator and discriminator, with its settings; the encoder's own where absent. */
  adversaries: networkSchema.optional(),
  /** Side of the images that are generated and discriminated, where the encoder sees larger ones. */
  imageSide: z.int().min(1).optional(),
  /** Training batches from which batch-norm statistics are estimated before measuring. */
  statisticsBatches: z.int().min(1).default(400),
  /** Most images that are measured; where there are more, that many evenly spread over the split. */
  measured: z
    .strictObject({
      /** In which nearest neighbours are looked for. */
      train: z.int().min(1).default(60_000),
      /** Two at least: each is held against the next one. */
      test: z.int().min(2).default(10_000),
      /** Drawn from the generator; at least 100, since neighbours are also looked for in a hundredth of them. */
      generated: z.int().min(100).default(10_000),
    })
    .prefault({}),
};

/** Of what all of them measure: nearest neighbours of one class are shares in percent, the rest is better when less. */
export const ganQuantities = {
  '1nn-code': accuracy,
  '1nn-before-code': accuracy,
  '1nn-pixels': accuracy,
};

export type GanConfig = z.infer<z.ZodObject<typeof ganFields>>;

/** Parts of the code that such a config chooses by name. */
export function ganParts({ adversaries }: GanConfig): string[] {
  return adversaries === undefined ? [] : [`models/${adversaries.name}`];
}
