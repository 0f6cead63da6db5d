import { Worker } from 'node:worker_threads';
import { UserError } from '@selfsup/kit/errors';

/** What a thread is sent: what its next pool is, a request of that, or the end of that pool. */
export type ToThread =
  | { readonly kind: 'setup'; readonly setup: unknown }
  | { readonly kind: 'request'; readonly id: number; readonly request: unknown }
  | { readonly kind: 'close' };

/** What it sends back: the answer to request `id`, the error it met, or that all is answered and let go of. */
export type FromThread =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: unknown }
  | { readonly kind: 'closed' };

/** A thread that is one pool's until it is given back. Its failure rejects all that waits for it. */
export interface PoolThread {
  /** Requests that are not answered. */
  pending(): number;
  ask(request: unknown): Promise<unknown>;
  /** Resolves when all is answered and the thread has let go of what it had of the pool. */
  giveBack(): Promise<void>;
}

/** A running thread, of whatever pool. */
interface Thread extends PoolThread {
  setUp(setup: unknown): void;
}

/**
 * Threads that no pool has, by their script. They are kept: to start one takes some tenths of a second, and Node 20 keeps
 * memory of each that has ended, so that a training which measured after each epoch would grow.
 */
const idle = new Map<string, Set<Thread>>();

function idleOf(script: URL): Set<Thread> {
  const threads = idle.get(script.href) ?? new Set();
  idle.set(script.href, threads);
  return threads;
}

/**
 * A thread that runs the module `script`, set up for a new pool. Unless it has something to answer, one that is not given back does
 * not keep the process alive. Throws where the setup cannot be cloned.
 */
export function takeThread(script: URL, setup: unknown): PoolThread {
  const parked = idleOf(script);
  const thread = [...parked].at(-1) ?? startThread(script);
  parked.add(thread); // where it stays if its setup cannot be sent
  thread.setUp(setup);
  parked.delete(thread);
  return thread;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

function startThread(script: URL): Thread {
  const worker = new Worker(new URL('./worker-start.mjs', import.meta.url), {
    workerData: { script: script.href },
    execArgv: [], // none of this process's: they are for the main thread
  });
  const send = (message: ToThread): void => worker.postMessage(message);
  const waiting = new Map<number, Waiting>();
  let sent = 0;
  let failure: Error | undefined;
  let closed: (() => void) | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
    closed?.();
    worker.unref();
    idleOf(script).delete(thread);
  };
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'closed') return closed?.();
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (waiting.size === 0 && closed === undefined) worker.unref();
    if (message.kind === 'error') asked?.reject(errorOf(message.error));
    else asked?.resolve(message.answer);
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`A worker ended with code ${code}`)));
  worker.unref(); // after the listeners, the first of which refers to it
  const thread: Thread = {
    setUp: (setup) => send({ kind: 'setup', setup }),
    pending: () => waiting.size,
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const id = sent++;
        send({ kind: 'request', id, request }); // throws where it cannot be cloned, before anything waits for it
        waiting.set(id, { resolve, reject });
        worker.ref();
      }),
    giveBack: async () => {
      if (failure !== undefined) return;
      await new Promise<void>((resolve) => {
        closed = resolve;
        worker.ref();
        send({ kind: 'close' });
      });
      closed = undefined;
      worker.unref();
      if (failure === undefined) idleOf(script).add(thread);
    },
  };
  return thread;
}

function errorOf(answer: unknown): Error {
  const { name, message, file, field, remedy } = answer as Record<string, string | undefined>;
  if (name === 'UserError') return new UserError(message ?? '', { file, field, remedy });
  return new Error(`In a worker: ${message}`);
}
