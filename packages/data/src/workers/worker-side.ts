import { parentPort, workerData, type TransferListItem } from 'node:worker_threads';
import type { WorkerAnswer } from './worker-pool.ts';

/** What a thread gives for a request; `transfer` moves instead of copying. */
export interface Served<Answer> {
  readonly answer: Answer;
  readonly transfer?: readonly TransferListItem[];
}

/** What the pool was started with. */
export function workerSetup<Setup>(): Setup {
  return (workerData as { setup: Setup }).setup;
}

/** Answers the requests of a pool, one after another; `close` is called before the thread ends. */
export function serve<Request, Answer>(
  handle: (request: Request) => Served<Answer> | Promise<Served<Answer>>,
  close: () => Promise<void> = () => Promise.resolve(),
): void {
  const port = parentPort!;
  let last: Promise<void> = Promise.resolve();
  const answerTo = async (id: number, request: Request): Promise<void> => {
    try {
      const { answer, transfer = [] } = await handle(request);
      port.postMessage({ id, answer } satisfies WorkerAnswer, transfer);
    } catch (error) {
      // An Error's own fields do not survive the trip: send what a UserError is made of.
      const { name, message, file, field, remedy } = error as Error & Record<'file' | 'field' | 'remedy', unknown>;
      port.postMessage({ id, error: { name, message, file, field, remedy } });
    }
  };
  port.on('message', (message: { id: number; request: Request } | 'close') => {
    last = last.then(() =>
      message === 'close' ? close().then(() => port.close()) : answerTo(message.id, message.request),
    );
  });
}
