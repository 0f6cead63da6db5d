// @no-effect-on-results
import type { Socket } from 'node:net';

/** What one process tells another: JSON, and beside it bytes as they are. */
export type Message = Readonly<Record<string, unknown>> & { readonly bytes?: Uint8Array };

/** Messages to and from one other process: a line of JSON each, and after it as many bytes as the line says. */
export class MessageLine {
  readonly socket: Socket;
  readonly #arrived: Message[] = [];
  #waiting: ((message: Message | undefined) => void) | undefined;
  #closed = false;
  /** What came of a message that is not whole yet: a line, or the bytes after `#head`. */
  #pieces: Buffer[] = [];
  #length = 0;
  #head: { readonly message: Message; readonly bytes: number } | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setKeepAlive(true, 10_000).setNoDelay(true);
    socket.on('error', () => undefined); // a close follows
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
    socket.on('data', (data: Buffer) => this.#read(data));
  }

  /** Whether the other process can still be told anything. */
  get isOpen(): boolean {
    return !this.#closed && !this.socket.destroyed;
  }

  /** The operating system's number of the connection; undefined where it has ended. */
  get descriptor(): number | undefined {
    // Node tells it in no other way.
    return (this.socket as unknown as { readonly _handle: { readonly fd: number } | null })._handle?.fd;
  }

  send({ bytes, ...message }: Message): void {
    if (!this.isOpen) return;
    this.socket.write(`${JSON.stringify(bytes === undefined ? message : { ...message, bytes: bytes.byteLength })}\n`);
    // The socket may keep it for a while, and whoever gave it may not.
    if (bytes !== undefined && bytes.byteLength > 0) this.socket.write(Uint8Array.from(bytes));
  }

  /**
   * The next message, once it is there; undefined when the other end is gone, or after so many milliseconds. One at a time may
   * wait.
   */
  receive(within = Infinity): Promise<Message | undefined> {
    const message = this.#arrived.shift();
    if (message !== undefined || this.#closed) return Promise.resolve(message);
    return new Promise((resolve) => {
      const late = (): void => {
        this.#waiting = undefined;
        resolve(undefined);
      };
      const timer = within === Infinity ? undefined : setTimeout(late, within);
      this.#waiting = (arrived) => {
        clearTimeout(timer);
        resolve(arrived);
      };
    });
  }

  close(): void {
    this.socket.end();
  }

  #read(data: Buffer): void {
    let rest = data;
    while (rest.length > 0) {
      const found = this.#head === undefined ? rest.indexOf(10) : this.#head.bytes - this.#length - 1;
      const end = found < 0 || found >= rest.length ? rest.length : found + 1;
      const isWhole = found >= 0 && found < rest.length;
      this.#pieces.push(rest.subarray(0, end));
      this.#length += end;
      rest = rest.subarray(end);
      if (isWhole) this.#takePiece(Buffer.concat(this.#pieces));
    }
  }

  /** A whole line, or the whole of the bytes after one. */
  #takePiece(piece: Buffer): void {
    this.#pieces = [];
    this.#length = 0;
    const head = this.#head;
    this.#head = undefined;
    // In memory of its own, at whose start numbers of any size may lie.
    if (head !== undefined) return this.#take({ ...head.message, bytes: Uint8Array.from(piece) });
    const line = parsed(piece);
    if (line === undefined) return void this.socket.destroy();
    const { bytes, ...message } = line;
    if (typeof bytes !== 'number') return this.#take(message);
    if (bytes === 0) return this.#take({ ...message, bytes: new Uint8Array() });
    this.#head = { message, bytes };
  }

  #take(message: Message): void {
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

function parsed(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(line.toString()) as unknown;
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
