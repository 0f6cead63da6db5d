import { Worker } from 'node:worker_threads';
import { UserError } from '@selfsup/engine/errors';
import type { Batch, BatchRequest } from './batch-maker.ts';
import type { WorkerAnswer, WorkerSetup } from './loader-worker.ts';

/** Something that makes batches on request, in any order. */
export interface BatchMaker {
  make(request: BatchRequest): Promise<Batch>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(batch: Batch): void;
  reject(error: Error): void;
}

function errorOf(answer: unknown): Error {
  const { name, message, file, field, remedy } = answer as Record<string, string | undefined>;
  if (name === 'UserError') return new UserError(message ?? '', { file, field, remedy });
  return new Error(`In a loader worker: ${message}`);
}

/** One worker thread. Its failure rejects all that waits for it. */
function startWorker(setup: WorkerSetup): BatchMaker {
  const worker = new Worker(new URL('./loader-worker-start.mjs', import.meta.url), {
    workerData: setup,
    execArgv: [], // none of this process's: they are for the main thread
  });
  worker.unref(); // a loader that is not closed must not keep the process alive
  const waiting = new Map<number, Waiting>();
  let sent = 0;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
    worker.unref();
  };
  worker.on('message', (answer: WorkerAnswer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if ('batch' in answer) asked?.resolve(answer.batch);
    else asked?.reject(errorOf(answer.error));
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`A loader worker ended with code ${code}`)));
  return {
    make: (request) =>
      new Promise<Batch>((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const id = sent++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, ...request });
      }),
    close: () =>
      new Promise<void>((resolve) => {
        if (failure !== undefined) return resolve();
        worker.once('exit', () => resolve());
        worker.ref();
        worker.postMessage('close');
      }),
  };
}

/** `count` worker threads that take requests in turn. */
export function startWorkers(count: number, setup: WorkerSetup): BatchMaker {
  const workers = Array.from({ length: count }, () => startWorker(setup));
  let turn = 0;
  return {
    make: (request) => workers[turn++ % count]!.make(request),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
