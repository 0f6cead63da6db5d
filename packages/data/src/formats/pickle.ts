import { PickleBytes } from './pickle-bytes.ts';
import { PickleGlobal, PickleStack, pickleSteps, type Stateful } from './pickle-steps.ts';

/** A numpy array of bytes: its shape, and its elements in C order. */
export interface PickledBytes {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

function bytesOf(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (value instanceof Uint8Array) return Buffer.from(value);
  throw new Error('holds something else than bytes where bytes belong');
}

const isLength = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

class PickledArray implements PickledBytes, Stateful {
  shape: readonly number[] = [];
  bytes: Uint8Array = new Uint8Array();

  /** Numpy's own state: version, shape, dtype, whether in Fortran's order, and the elements. */
  setState(state: unknown): void {
    const [, shape, type, isFortran, elements] = Array.isArray(state) ? (state as unknown[]) : [];
    if (!(type instanceof PickledType) || !['u1', '|u1', 'uint8'].includes(type.name) || isFortran !== false) {
      throw new Error('holds an array of something else than bytes in C order');
    }
    if (!Array.isArray(shape) || !shape.every(isLength)) throw new Error('holds an array without a shape');
    this.shape = shape as number[];
    this.bytes = bytesOf(elements);
    const size = this.shape.reduce((product, length) => product * length, 1);
    if (size !== this.bytes.length) throw new Error(`holds an array of ${this.bytes.length} bytes instead of ${size}`);
  }
}

class PickledType implements Stateful {
  readonly name: string;

  constructor(name: unknown) {
    if (typeof name !== 'string') throw new Error('holds a type of numbers without a name');
    this.name = name;
  }

  /** Byte order and the like: bytes have none. */
  setState(): void {}
}

const array = new PickleGlobal(() => new PickledArray());

/** The only things that a pickle may name. Nothing of them runs code of the file's choice. */
const known: Readonly<Record<string, PickleGlobal>> = {
  '_codecs.encode': new PickleGlobal(([text]) => bytesOf(text)),
  'numpy.core.multiarray._reconstruct': array,
  'numpy._core.multiarray._reconstruct': array,
  'numpy.ndarray': array,
  'numpy.dtype': new PickleGlobal(([name]) => new PickledType(name)),
};

function named(module: string, name: string): PickleGlobal {
  const found = Object.hasOwn(known, `${module}.${name}`) ? known[`${module}.${name}`] : undefined;
  if (found === undefined) throw new Error(`names ${module}.${name}, which no data needs: it is not read`);
  return found;
}

/** Strings and buffers as keys are both the text that they spell. */
function plainKeys(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  return new Map(
    [...(value as Map<unknown, unknown>)].map(([key, one]) => [
      key instanceof Uint8Array ? Buffer.from(key).toString('latin1') : key,
      one,
    ]),
  );
}

/** The step that ends a pickle: what it has made is on top. */
const stop = 0x2e;

/**
 * Reads a Python pickle of protocols 0 to 5, written by Python 2 or 3, that is made of dictionaries (as `Map`), lists,
 * numbers, text and numpy arrays of bytes (as `PickledBytes`); bytes of Python 2 come as text, one character a byte.
 * Anything else that a pickle could name is refused, so none can run code. Throws `Error` that says what is wrong with it.
 */
export function readPickle(content: Buffer): unknown {
  const bytes = new PickleBytes(content);
  const stack = new PickleStack();
  for (;;) {
    const code = bytes.unsigned(1);
    if (code === stop) return plainKeys(stack.pop());
    const step = pickleSteps[code];
    if (step === undefined) throw new Error(`the pickle takes a step of code ${code}, which no data needs`);
    step(stack, bytes, named);
  }
}
