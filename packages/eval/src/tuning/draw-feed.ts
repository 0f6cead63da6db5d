import { deriveKey, permutation, type RandomKey } from '@selfsup/kit/random';
import type { Feed } from '@selfsup/trainer/trainee';

/**
 * Batches made of draws in 0..samples - 1, each once an epoch, in an order that is a function of key and epoch; draws that
 * fill no batch are left out.
 */
export function drawFeed<Batch>(
  samples: number,
  batchSize: number,
  key: RandomKey,
  make: (draws: Uint32Array, epoch: number) => Batch,
): Feed<Batch> {
  const batchesPerEpoch = Math.floor(samples / batchSize);
  return {
    batchesPerEpoch,
    async *epoch(epoch, startBatch) {
      const order = permutation(deriveKey(key, 'order', epoch), samples);
      for (let batch = startBatch; batch < batchesPerEpoch; batch++) {
        yield make(order.subarray(batch * batchSize, (batch + 1) * batchSize), epoch);
      }
    },
  };
}
