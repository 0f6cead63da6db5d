import { Worker, type TransferListItem } from 'node:worker_threads';
import { UserError } from '@selfsup/kit/errors';

/** What a worker sends back: the answer to request `id`, or the error it met. */
export type WorkerAnswer = { readonly id: number } & ({ readonly answer: unknown } | { readonly error: unknown });

/** Threads that answer requests, in any order. */
export interface WorkerPool<Request, Answer> {
  /** Hands a request to the thread with the least to do. Rejects with the error that the thread meets. */
  ask(request: Request, transfer?: readonly TransferListItem[]): Promise<Answer>;
  /** Ends the threads when they have answered all they were asked. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

interface PoolWorker {
  readonly pending: () => number;
  ask(request: unknown, transfer: readonly TransferListItem[]): Promise<unknown>;
  close(): Promise<void>;
}

function errorOf(answer: unknown): Error {
  const { name, message, file, field, remedy } = answer as Record<string, string | undefined>;
  if (name === 'UserError') return new UserError(message ?? '', { file, field, remedy });
  return new Error(`In a worker: ${message}`);
}

/** One worker thread. Its failure rejects all that waits for it. */
function startWorker(script: URL, setup: unknown): PoolWorker {
  const worker = new Worker(new URL('./worker-start.mjs', import.meta.url), {
    workerData: { script: script.href, setup },
    execArgv: [], // none of this process's: they are for the main thread
  });
  worker.unref(); // a pool that is not closed must not keep the process alive
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
    if ('error' in answer) asked?.reject(errorOf(answer.error));
    else asked?.resolve(answer.answer);
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`A worker ended with code ${code}`)));
  return {
    pending: () => waiting.size,
    ask: (request, transfer) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const id = sent++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, request }, transfer);
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

/**
 * Starts `count` threads that run the module `script`, which calls `serve`. Name it as
 * `new URL('./name.ts', import.meta.url)`, so that code keys see it. `setup` must survive structured cloning.
 */
export function startPool<Request, Answer>(count: number, script: URL, setup: unknown): WorkerPool<Request, Answer> {
  const workers = Array.from({ length: count }, () => startWorker(script, setup));
  return {
    ask: (request, transfer = []) => {
      const idlest = workers.reduce((best, worker) => (worker.pending() < best.pending() ? worker : best));
      return idlest.ask(request, transfer) as Promise<Answer>;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
