import { z } from 'zod';

/**
 * Into how many parts a batch is cut that are computed apart and added up: a power of two. Each has batch-norm statistics of its
 * own, over so many images fewer. At most as many processes may share the batch; their number changes no result.
 */
export const replicasSchema = z
  .int()
  .positive()
  .refine((parts) => Number.isInteger(Math.log2(parts)), 'must be a power of two')
  .default(1);

/** Settings of batches that are cut. */
interface CutBatches {
  readonly batchSize: number;
  readonly replicas: number;
  readonly dropLast?: boolean;
}

/** Whether all parts of all batches are of one size; for `refine`, with `unevenBatches`. */
export function cutsEvenly({ batchSize, replicas, dropLast = true }: CutBatches): boolean {
  return replicas === 1 || (batchSize % replicas === 0 && dropLast);
}

export const unevenBatches = {
  path: ['replicas'],
  error: 'must divide the batchSize, and a smaller last batch be left out, so that all parts are of one size',
};
