import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { UserError } from '@selfsup/kit/errors';

/** Kinds of numbers that we store, by NumPy's names. */
const kinds = { '<f4': Float32Array, '<i4': Int32Array, '<u4': Uint32Array } as const;
type Kind = keyof typeof kinds;
export type NpyArray = Float32Array | Int32Array | Uint32Array;

const magic = Buffer.from([0x93, ...Buffer.from('NUMPY')]);

/**
 * The header of a `.npy` file of format 1.0, for an array in C order whose numbers are of a type as NumPy calls it, such as
 * `<f4`. Its length, a multiple of 64 bytes, is 128 for all shapes that take less than 60 characters to write.
 */
export function npyHeader(type: string, shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const size = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(size, ' ');
  magic.copy(header);
  header.set([1, 0], magic.length);
  header.writeUInt16LE(size - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', size - 1, 'latin1');
  return header;
}

/** What a `.npy` file says of its array. */
export interface NpyHeader {
  /** As NumPy calls it, such as `<f4`. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  /** Place of the first value in the file, in bytes. */
  readonly start: number;
}

/** The header that the first bytes of a `.npy` file of any format are; undefined where they are none, or cut off. */
export function parseNpyHeader(bytes: Buffer): NpyHeader | undefined {
  if (bytes.length < 12 || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  // Later formats have longer headers.
  const [first, length] = bytes[6] === 1 ? [10, bytes.readUInt16LE(8)] : [12, bytes.readUInt32LE(8)];
  const start = first + length;
  const text = bytes.toString('latin1', first, start);
  const type = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (bytes.length < start || type === undefined || shape === undefined) return undefined;
  const lengths = shape.split(',').filter((part) => part.trim() !== '');
  return { type, shape: lengths.map(Number), fortranOrder: /'fortran_order':\s*True/.test(text), start };
}

/** Writes a NumPy `.npy` file row by row, so that it never has to fit in memory. */
export class NpyWriter {
  readonly #file: number;
  readonly #path: string;
  readonly #values: number;
  readonly #kind: Kind;
  #written = 0;

  /** Creates the file for exactly `shape[0]` rows. Throws what `fs` throws when that cannot be done. */
  constructor(path: string, kind: Kind, shape: readonly number[]) {
    this.#path = path;
    this.#kind = kind;
    this.#values = shape.reduce((a, b) => a * b, 1);
    this.#file = openSync(path, 'w');
    writeFully(this.#file, path, npyHeader(kind, shape));
  }

  /** Adds whole rows. Throws `RangeError` past the announced end, `TypeError` for another kind of numbers. */
  append(values: NpyArray): void {
    if (!(values instanceof kinds[this.#kind])) throw new TypeError(`${this.#path} holds ${this.#kind}`);
    this.#written += values.length;
    if (this.#written > this.#values) throw new RangeError(`${this.#path}: more values than its shape`);
    writeFully(this.#file, this.#path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** Ends the file. Throws `RangeError` when rows are missing. */
  close(): void {
    closeSync(this.#file);
    if (this.#written < this.#values) throw new RangeError(`${this.#path}: ${this.#written} of ${this.#values} values`);
  }

  /** Ends the file as it is, after a failure. */
  abandon(): void {
    closeSync(this.#file);
  }
}

function writeFully(file: number, path: string, bytes: Uint8Array): void {
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  } catch (cause) {
    const remedy = 'Make room on the disk of the artifacts folder and run the same command again.';
    throw new UserError(`Cannot write features: ${(cause as Error).message}`, { file: path, remedy, cause });
  }
}

/** Writes a whole array as a `.npy` file. */
export function writeNpy(path: string, kind: Kind, shape: readonly number[], values: NpyArray): void {
  const writer = new NpyWriter(path, kind, shape);
  writer.append(values);
  writer.close();
}

/** Reads rows of a `.npy` file of float32, int32 or uint32 in C order, in any order, without loading it whole. */
export class NpyReader {
  readonly shape: readonly number[];
  readonly #file: number;
  readonly #path: string;
  readonly #kind: Kind;
  readonly #start: number;
  readonly #rowValues: number;

  /** Throws `UserError` naming the file when it is missing, cut off, or no such array. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, 'r');
    } catch (cause) {
      throw new UserError(`Cannot read features: ${(cause as Error).message}`, { file: path, cause });
    }
    const refused = (what: string): UserError => {
      closeSync(this.#file);
      return this.#damaged(what);
    };
    const head = Buffer.alloc(4096);
    const found = parseNpyHeader(head.subarray(0, readSync(this.#file, head, 0, head.length, 0)));
    if (found === undefined || found.fortranOrder || !Object.hasOwn(kinds, found.type))
      throw refused('it is no array of ours');
    this.#kind = found.type as Kind;
    this.shape = found.shape;
    this.#start = found.start;
    this.#rowValues = this.shape.slice(1).reduce((a, b) => a * b, 1);
    // Of rows without values a few bytes could promise billions, which would be counted one by one.
    if (this.#rowValues === 0 && this.shape[0]! > 0) throw refused('its rows are empty');
    // Before anything is made of that size.
    const bytes = this.#start + 4 * this.#rowValues * (this.shape[0] ?? 1);
    if (!(fstatSync(this.#file).size >= bytes)) throw refused('it is cut off');
  }

  /**
   * The rows of these numbers one after another, `[rows.length, …shape[1:]]`, in new memory or at the start of
   * `target`. Throws `TypeError` for a target of another kind of numbers, `RangeError` for one that is too short.
   */
  gather(rows: ArrayLike<number>, target?: NpyArray): NpyArray {
    const values = this.#room(rows.length * this.#rowValues, target);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const rowBytes = this.#rowValues * 4;
    for (let i = 0; i < rows.length;) {
      // Neighbouring rows are read in one go.
      const first = rows[i] as number;
      let run = 1;
      while (i + run < rows.length && rows[i + run] === first + run) run++;
      if (first + run > (this.shape[0] as number)) throw new RangeError(`${this.#path} has ${this.shape[0]} rows`);
      this.#read(bytes.subarray(i * rowBytes, (i + run) * rowBytes), this.#start + first * rowBytes);
      i += run;
    }
    return values;
  }

  /** The whole array. */
  all(): NpyArray {
    return this.gather(Uint32Array.from({ length: this.shape[0] as number }, (_, i) => i));
  }

  close(): void {
    closeSync(this.#file);
  }

  #room(count: number, target: NpyArray | undefined): NpyArray {
    if (target === undefined) return new kinds[this.#kind](count);
    if (!(target instanceof kinds[this.#kind])) throw new TypeError(`${this.#path} holds ${this.#kind}`);
    if (target.length < count) throw new RangeError(`${count} values do not fit in ${target.length}`);
    return target.subarray(0, count);
  }

  #read(target: Uint8Array, position: number): void {
    for (let done = 0; done < target.length;) {
      const count = readSync(this.#file, target, done, target.length - done, position + done);
      if (count === 0) throw this.#damaged('it is cut off');
      done += count;
    }
  }

  #damaged(what: string): UserError {
    const remedy = 'Run the stage that extracted the features again.';
    return new UserError(`The feature file is damaged: ${what}`, { file: this.#path, remedy });
  }
}
