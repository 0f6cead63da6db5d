import { BufferReader, Parser } from 'pickleparser';

/** A numpy array of bytes: its shape, and its elements in C order. */
export interface PickledBytes {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Text of Python 2 is bytes: each becomes the character of its number, so that nothing is lost. */
class ByteReader extends BufferReader {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super(bytes);
    this.#bytes = bytes;
  }

  override string(size: number, encoding: 'ascii' | 'utf-8'): string {
    const from = this.position;
    if (size < 0 || from + size > this.#bytes.length) throw new Error('the pickle is cut off');
    this.skip(size);
    return this.#bytes.toString(encoding === 'ascii' ? 'latin1' : 'utf8', from, from + size);
  }
}

function latin1(value: unknown): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : Buffer.from(value as Uint8Array);
}

class PickledArray implements PickledBytes {
  shape: readonly number[] = [];
  bytes: Uint8Array = new Uint8Array();

  /** Numpy's own state: version, shape, dtype, whether in Fortran's order, and the elements. */
  __setstate__(state: readonly unknown[]): void {
    const [, shape, type, isFortran, elements] = state as [number, number[], PickledType, boolean, unknown];
    if (!(type instanceof PickledType) || !['u1', '|u1', 'uint8'].includes(type.name) || isFortran) {
      throw new Error('holds an array of something else than bytes in C order');
    }
    this.shape = shape;
    this.bytes = latin1(elements);
    const size = shape.reduce((product, length) => product * length, 1);
    if (size !== this.bytes.length) throw new Error(`holds an array of ${this.bytes.length} bytes instead of ${size}`);
  }
}

class PickledType {
  readonly name: string;

  constructor(name: unknown) {
    this.name = String(name);
  }

  __setstate__(): void {}
}

/** The only things that a pickle may name. Nothing of them runs code of the file's choice. */
const known: Readonly<Record<string, (...args: never[]) => unknown>> = {
  '_codecs.encode': (text: string) => latin1(text),
  'numpy.core.multiarray._reconstruct': () => new PickledArray(),
  'numpy._core.multiarray._reconstruct': () => new PickledArray(),
  'numpy.ndarray': () => new PickledArray(),
  'numpy.dtype': (name: string) => new PickledType(name),
};

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

/**
 * Reads a Python pickle of protocols 0 to 5, written by Python 2 or 3, that is made of dictionaries (as `Map`), lists,
 * numbers, text and numpy arrays of bytes (as `PickledBytes`); bytes of Python 2 come as text, one character a byte.
 * Anything else that a pickle could name is refused, so none can run code. Throws `Error`.
 */
export function readPickle(content: Buffer): unknown {
  const parser = new Parser({
    unpicklingTypeOfDictionary: 'Map',
    nameResolver: {
      resolve(module, name) {
        const found = Object.hasOwn(known, `${module}.${name}`) ? known[`${module}.${name}`] : undefined;
        if (found === undefined) throw new Error(`names ${module}.${name}, which no data needs: it is not read`);
        return found as never;
      },
    },
  });
  return plainKeys(parser.read(new ByteReader(content)));
}
