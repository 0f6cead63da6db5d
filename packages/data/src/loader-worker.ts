import { parentPort, workerData } from 'node:worker_threads';
import type { RandomKey } from '@selfsup/engine/random';
import type { Augment } from './augment.ts';
import { type Batch, type BatchRequest, makeBatch } from './batch-maker.ts';
import { openDataset } from './dataset.ts';

/** What a loader hands to each of its workers at the start. */
export interface WorkerSetup {
  readonly folder: string;
  readonly split: string;
  readonly augment: Augment;
  readonly key: RandomKey;
}

/** A request to a worker; `id` comes back with the answer. */
export interface WorkerRequest extends BatchRequest {
  readonly id: number;
}

/** A worker's answer: the batch, or the error it met. */
export type WorkerAnswer = { readonly id: number } & ({ readonly batch: Batch } | { readonly error: unknown });

const setup = workerData as WorkerSetup;
const port = parentPort!;
const dataset = openDataset(setup.folder);

port.on('message', (request: WorkerRequest | 'close') => {
  if (request === 'close') {
    void dataset.close().then(() => port.close());
    return;
  }
  const { id } = request;
  try {
    const batch = makeBatch(dataset, setup.split, request, setup.augment, setup.key);
    port.postMessage({ id, batch } satisfies WorkerAnswer, [
      batch.images.buffer as ArrayBuffer,
      batch.labels.buffer as ArrayBuffer,
      batch.indices.buffer as ArrayBuffer,
    ]);
  } catch (error) {
    // An Error's own fields do not survive the trip: send what a UserError is made of.
    const { name, message, file, field, remedy } = error as Error & Record<'file' | 'field' | 'remedy', unknown>;
    port.postMessage({ id, error: { name, message, file, field, remedy } });
  }
});
