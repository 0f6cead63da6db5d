import { parentPort, type TransferListItem } from 'node:worker_threads';
import type { FromThread, ToThread } from './worker-thread.ts';

/** What a thread gives for a request; `transfer` moves instead of copying. */
interface Served<Answer> {
  readonly answer: Answer;
  readonly transfer?: readonly TransferListItem[];
}

/** What answers the requests of one pool. */
export interface Service<Request, Answer> {
  answer(request: Request): Served<Answer> | Promise<Served<Answer>>;
  /** Called after the last request: lets go of what it holds. */
  close?(): Promise<void>;
}

/**
 * Answers the requests of one pool after another, and of each in their order; `open` is called with what the pool was started
 * with. Where it throws, each request of that pool is answered with the error.
 */
export function serve<Setup, Request, Answer>(open: (setup: Setup) => Service<Request, Answer>): void {
  const port = parentPort!;
  const send = (message: FromThread, transfer: readonly TransferListItem[] = []): void =>
    port.postMessage(message, transfer);
  let service: Promise<Service<Request, Answer>> | undefined;

  const setUp = (setup: Setup): void => {
    service = Promise.resolve(setup).then(open);
    service.catch(() => undefined); // said to each request
  };
  const answerTo = async (id: number, request: Request): Promise<void> => {
    try {
      const { answer, transfer } = await (await service!).answer(request);
      send({ kind: 'answer', id, answer }, transfer);
    } catch (error) {
      // An Error's own fields do not survive the trip: send what a UserError is made of.
      const { name, message, file, field, remedy } = error as Error & Record<'file' | 'field' | 'remedy', unknown>;
      send({ kind: 'error', id, error: { name, message, file, field, remedy } });
    }
  };
  const close = async (): Promise<void> => {
    try {
      await (await service)?.close?.();
    } catch {
      // It did not open, which its requests were told, or does not close: there is nobody to tell.
    }
    service = undefined;
    send({ kind: 'closed' });
  };

  let last: Promise<void> = Promise.resolve();
  port.on('message', (message: ToThread) => {
    last = last.then(() => {
      if (message.kind === 'setup') return setUp(message.setup as Setup);
      if (message.kind === 'close') return close();
      return answerTo(message.id, message.request as Request);
    });
  });
}
