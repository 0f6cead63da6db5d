// @no-effect-on-results
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** What one process tells another. */
export type Message = Readonly<Record<string, unknown>>;

/** Messages to and from one other process: a line of JSON each. */
export class MessageLine {
  readonly socket: Socket;
  readonly #arrived: Message[] = [];
  #waiting: ((message: Message | undefined) => void) | undefined;
  #closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setKeepAlive(true, 10_000).setNoDelay(true);
    socket.on('error', () => undefined); // a close follows
    socket.on('close', () => this.#end());
    createInterface({ input: socket })
      .on('line', (line) => this.#take(parsed(line)))
      .on('close', () => this.#end())
      .on('error', () => undefined);
  }

  /** Whether the other process can still be told anything. */
  get isOpen(): boolean {
    return !this.#closed && !this.socket.destroyed;
  }

  send(message: Message): void {
    if (this.isOpen) this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** The next message, once it is there; undefined when the other end is gone. One at a time may wait. */
  receive(): Promise<Message | undefined> {
    const message = this.#arrived.shift();
    if (message !== undefined || this.#closed) return Promise.resolve(message);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  close(): void {
    this.socket.end();
  }

  #take(message: Message | undefined): void {
    if (message === undefined) return void this.socket.destroy();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#arrived.push(message);
    else waiting(message);
  }

  #end(): void {
    this.#closed = true;
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }
}

function parsed(line: string): Message | undefined {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}
