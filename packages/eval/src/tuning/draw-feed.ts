import { epochDraws, type RandomKey } from '@selfsup/kit/random';
import type { Feed } from '@selfsup/trainer/trainee';

/** How long an epoch is, and of what. */
interface Draws {
  readonly items: number;
  /** Draws that make an epoch; the number of items where absent. */
  readonly samplesPerEpoch?: number | undefined;
  readonly batchSize: number;
}

/** Batches made of the draws of `epochDraws`; those that fill no batch are left out. */
export function drawFeed<Batch>(
  { items, samplesPerEpoch = items, batchSize }: Draws,
  key: RandomKey,
  make: (draws: Uint32Array, epoch: number) => Batch,
): Feed<Batch> {
  const batchesPerEpoch = Math.floor(samplesPerEpoch / batchSize);
  return {
    batchesPerEpoch,
    async *epoch(epoch, startBatch) {
      const order = epochDraws(key, epoch, samplesPerEpoch, items);
      for (let batch = startBatch; batch < batchesPerEpoch; batch++) {
        yield make(order.subarray(batch * batchSize, (batch + 1) * batchSize), epoch);
      }
    },
  };
}
