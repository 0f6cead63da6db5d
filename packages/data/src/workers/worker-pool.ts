import { takeThread, type PoolThread } from './worker-thread.ts';

/** Threads that answer requests, in any order. */
export interface WorkerPool<Request, Answer> {
  /** Hands a request to the thread with the least to do. Rejects with the error that the thread meets. */
  ask(request: Request): Promise<Answer>;
  /** Gives the threads back when they have answered all they were asked; asks nothing more of them. */
  close(): Promise<void>;
}

/**
 * Sets `count` threads to the module `script`, which calls `serve`. Name it as `new URL('./name.ts', import.meta.url)`, so that
 * code keys see it. `setup` must survive structured cloning. Threads of a pool that was closed are taken again.
 */
export function startPool<Request, Answer>(count: number, script: URL, setup: unknown): WorkerPool<Request, Answer> {
  const threads: PoolThread[] = Array.from({ length: count }, () => takeThread(script, setup));
  let closed: Promise<unknown> | undefined;
  return {
    ask: (request) => {
      if (closed !== undefined) return Promise.reject(new Error('This pool is closed'));
      const idlest = threads.reduce((best, thread) => (thread.pending() < best.pending() ? thread : best));
      return idlest.ask(request) as Promise<Answer>;
    },
    close: async () => {
      await (closed ??= Promise.all(threads.map((thread) => thread.giveBack())));
    },
  };
}
