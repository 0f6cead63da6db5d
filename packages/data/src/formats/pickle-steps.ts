import type { PickleBytes } from './pickle-bytes.ts';

/** What a pickle can name: it is called with arguments where the pickle says so. */
export class PickleGlobal {
  constructor(readonly make: (args: readonly unknown[]) => unknown) {}
}

/** What takes a state of its own, as the array of numpy does. */
export interface Stateful {
  setState(state: unknown): void;
}

/** Where a pickle is being read: what its steps have made so far. Each method throws `Error` where that is not there. */
export class PickleStack {
  #values: unknown[] = [];
  readonly #below: unknown[][] = [];
  readonly #memo = new Map<number, unknown>();

  push(value: unknown): void {
    this.#values.push(value);
  }

  pop(): unknown {
    if (this.#values.length === 0) throw new Error('the pickle is damaged: a step has nothing to work on');
    return this.#values.pop();
  }

  /** The value on top, which stays. */
  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  /** The last values, in the order in which they came. */
  last(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  mark(): void {
    this.#below.push(this.#values);
    this.#values = [];
  }

  /** What came after the last mark. */
  marked(): unknown[] {
    const values = this.#values;
    const below = this.#below.pop();
    if (below === undefined) throw new Error('the pickle is damaged: a step lacks its beginning');
    this.#values = below;
    return values;
  }

  keep(place = this.#memo.size): void {
    this.#memo.set(place, this.top());
  }

  recall(place: number): void {
    if (!this.#memo.has(place)) throw new Error('the pickle is damaged: a step names a value that is not there');
    this.push(this.#memo.get(place));
  }
}

type Step = (stack: PickleStack, bytes: PickleBytes, named: (module: string, name: string) => PickleGlobal) => void;

function addAll(list: unknown, values: readonly unknown[]): void {
  if (!Array.isArray(list)) throw new Error('the pickle is damaged: it adds to what is no list');
  for (const value of values) list.push(value);
}

function setAll(dictionary: unknown, pairs: readonly unknown[]): void {
  if (!(dictionary instanceof Map)) throw new Error('the pickle is damaged: it sets a key of what is no dictionary');
  if (pairs.length % 2 !== 0) throw new Error('the pickle is damaged: a key has no value');
  for (let i = 0; i < pairs.length; i += 2) dictionary.set(pairs[i], pairs[i + 1]);
}

function dictionaryOf(pairs: readonly unknown[]): Map<unknown, unknown> {
  const made = new Map<unknown, unknown>();
  setAll(made, pairs);
  return made;
}

function call(stack: PickleStack): void {
  const [made, args] = stack.last(2);
  if (!(made instanceof PickleGlobal) || !Array.isArray(args)) {
    throw new Error('the pickle is damaged: it calls what cannot be called');
  }
  stack.push(made.make(args));
}

function setState(stack: PickleStack): void {
  const state = stack.pop();
  const value = stack.top() as Partial<Stateful> | null | undefined;
  if (typeof value?.setState !== 'function') throw new Error('the pickle is damaged: it sets a state of what has none');
  value.setState(state);
}

/** Text of Python 2 between its quotation marks, as `repr` writes it. */
function quoted(line: string): string {
  const text = /^(['"])(.*)\1$/s.exec(line)?.[2];
  if (text === undefined) throw new Error('the pickle is damaged: a text has no quotation marks');
  const plain: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return text.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, one: string) =>
    hex === undefined ? (plain[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function wholeNumber(line: string): number | boolean {
  if (line === '00' || line === '01') return line === '01';
  if (!/^[+-]?\d{1,20}L?$/.test(line)) throw new Error('the pickle is damaged: a number is none');
  return Number.parseInt(line, 10);
}

/** A number of up to eight bytes with a sign. */
function longNumber(bytes: Buffer): number {
  if (bytes.length > 8) throw new Error('holds a number of more than eight bytes, which no data needs');
  return Number(BigInt.asIntN(8 * bytes.length, BigInt(`0x0${Buffer.from(bytes).reverse().toString('hex')}`)));
}

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');
const utf8 = (bytes: Buffer): string => bytes.toString('utf8');
const pushing =
  (value: (bytes: PickleBytes) => unknown): Step =>
  (stack, bytes) =>
    stack.push(value(bytes));

/**
 * What the steps of a pickle do, by their codes: those that data needs, of protocols 0 to 5 (Python's pickletools describes
 * them). Objects of classes, sets and buffers outside the pickle are not among them.
 */
export const pickleSteps: Readonly<Record<number, Step>> = {
  0x80: (_, bytes) => {
    const protocol = bytes.unsigned(1);
    if (protocol > 5) throw new Error(`the pickle is of the unknown protocol ${protocol}`);
  },
  0x95: (_, bytes) => void bytes.take(8), // a frame says only how long it is
  0x28: (stack) => stack.mark(),
  0x31: (stack) => void stack.marked(),
  0x30: (stack) => void stack.pop(),
  0x32: (stack) => stack.push(stack.top()),
  // The memo.
  0x70: (stack, bytes) => stack.keep(Number(bytes.line())),
  0x71: (stack, bytes) => stack.keep(bytes.unsigned(1)),
  0x72: (stack, bytes) => stack.keep(bytes.unsigned(4)),
  0x94: (stack) => stack.keep(),
  0x67: (stack, bytes) => stack.recall(Number(bytes.line())),
  0x68: (stack, bytes) => stack.recall(bytes.unsigned(1)),
  0x6a: (stack, bytes) => stack.recall(bytes.unsigned(4)),
  // Constants and numbers.
  0x4e: pushing(() => null),
  0x88: pushing(() => true),
  0x89: pushing(() => false),
  0x49: pushing((bytes) => wholeNumber(bytes.line())),
  0x4c: pushing((bytes) => wholeNumber(bytes.line())),
  0x46: pushing((bytes) => Number(bytes.line())),
  0x4a: pushing((bytes) => bytes.int32()),
  0x4b: pushing((bytes) => bytes.unsigned(1)),
  0x4d: pushing((bytes) => bytes.unsigned(2)),
  0x8a: pushing((bytes) => longNumber(bytes.take(bytes.unsigned(1)))),
  0x8b: pushing((bytes) => longNumber(bytes.take(bytes.int32()))),
  0x47: pushing((bytes) => bytes.float64()),
  // Text and bytes. Text of Python 2 is bytes: each becomes the character of its number, so that nothing is lost.
  0x53: pushing((bytes) => quoted(bytes.line())),
  0x54: pushing((bytes) => latin1(bytes.take(bytes.int32()))),
  0x55: pushing((bytes) => latin1(bytes.take(bytes.unsigned(1)))),
  0x56: pushing((bytes) =>
    bytes.line().replaceAll(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  ),
  0x58: pushing((bytes) => utf8(bytes.take(bytes.unsigned(4)))),
  0x8c: pushing((bytes) => utf8(bytes.take(bytes.unsigned(1)))),
  0x8d: pushing((bytes) => utf8(bytes.take(bytes.length64()))),
  0x42: pushing((bytes) => bytes.take(bytes.unsigned(4))),
  0x43: pushing((bytes) => bytes.take(bytes.unsigned(1))),
  0x8e: pushing((bytes) => bytes.take(bytes.length64())),
  0x96: pushing((bytes) => bytes.take(bytes.length64())),
  // Tuples, lists and dictionaries.
  0x29: pushing(() => []),
  0x74: (stack) => stack.push(stack.marked()),
  0x85: (stack) => stack.push(stack.last(1)),
  0x86: (stack) => stack.push(stack.last(2)),
  0x87: (stack) => stack.push(stack.last(3)),
  0x5d: pushing(() => []),
  0x6c: (stack) => stack.push(stack.marked()),
  0x61: (stack) => {
    const value = stack.pop();
    addAll(stack.top(), [value]);
  },
  0x65: (stack) => {
    const values = stack.marked();
    addAll(stack.top(), values);
  },
  0x7d: pushing(() => new Map()),
  0x64: (stack) => stack.push(dictionaryOf(stack.marked())),
  0x73: (stack) => {
    const pair = stack.last(2);
    setAll(stack.top(), pair);
  },
  0x75: (stack) => {
    const pairs = stack.marked();
    setAll(stack.top(), pairs);
  },
  // What is named, called, and given a state.
  0x63: (stack, bytes, named) => {
    const module = bytes.line();
    stack.push(named(module, bytes.line()));
  },
  0x93: (stack, _, named) => {
    const [module, name] = stack.last(2);
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new Error('the pickle is damaged: a name is no text');
    }
    stack.push(named(module, name));
  },
  0x52: call,
  0x62: setState,
};
