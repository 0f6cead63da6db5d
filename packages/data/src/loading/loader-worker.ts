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
}

/** Asks for the images of one batch, in memory that moves to the thread and back. */
export interface FillRequest extends BatchRequest {
  readonly memory: ArrayBuffer;
}

serve<LoaderSetup, FillRequest, ArrayBuffer>(({ folder, ...setup }) => {
  const dataset = openDataset(folder);
  const source = { ...setup, dataset };
  return {
    answer: ({ memory, ...request }) => {
      makeBatch(source, request, new Uint8Array(memory));
      return { answer: memory, transfer: [memory] };
    },
    close: () => dataset.close(),
  };
});
