import type { RandomKey } from '@selfsup/kit/random';
import { openDataset } from '../dataset.ts';
import { serve } from '../workers/worker-side.ts';
import type { Augment } from './augment.ts';
import { makeBatch, type BatchRequest } from './batch-maker.ts';

/** What a loader hands to each of its workers at the start. */
export interface LoaderSetup {
  readonly folder: string;
  readonly split: string;
  readonly augment: Augment;
  readonly key: RandomKey;
  /** Memory that batches are written to, shared with the consumer. */
  readonly slots: readonly SharedArrayBuffer[];
}

/** Asks for the images of one batch in one of the slots. */
export interface SlotRequest extends BatchRequest {
  readonly slot: number;
}

serve<LoaderSetup, SlotRequest, undefined>(({ folder, slots, ...setup }) => {
  const dataset = openDataset(folder);
  const source = { ...setup, dataset };
  const targets = slots.map((slot) => new Uint8Array(slot));
  return {
    answer: (request) => {
      makeBatch(source, request, targets[request.slot]!);
      return { answer: undefined };
    },
    close: () => dataset.close(),
  };
});
