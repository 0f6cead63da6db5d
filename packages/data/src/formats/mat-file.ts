import { inflateSync } from 'node:zlib';

/** A value of a MATLAB file: text, numbers in column order, an array of structs, or of cells. */
export type MatValue = string | readonly number[] | readonly MatStruct[] | MatCells;
/** An array of values of any kind, in column order. */
type MatCells = readonly MatValue[];
export interface MatStruct {
  readonly [field: string]: MatValue;
}

/** Types of data elements of the MAT-file format, level 5. */
const compressed = 15;
const matrix = 14;
const numbers: Readonly<Record<number, { bytes: number; read(from: Buffer, at: number): number }>> = {
  1: { bytes: 1, read: (from, at) => from.readInt8(at) },
  2: { bytes: 1, read: (from, at) => from.readUInt8(at) },
  3: { bytes: 2, read: (from, at) => from.readInt16LE(at) },
  4: { bytes: 2, read: (from, at) => from.readUInt16LE(at) },
  5: { bytes: 4, read: (from, at) => from.readInt32LE(at) },
  6: { bytes: 4, read: (from, at) => from.readUInt32LE(at) },
  7: { bytes: 4, read: (from, at) => from.readFloatLE(at) },
  9: { bytes: 8, read: (from, at) => from.readDoubleLE(at) },
  12: { bytes: 8, read: (from, at) => Number(from.readBigInt64LE(at)) },
  13: { bytes: 8, read: (from, at) => Number(from.readBigUInt64LE(at)) },
};
const utf8 = 16;
const utf16 = 17;
/** No variable that we read is larger, and no file twice as large; a few bytes could unpack to gigabytes. */
const mostInflated = 2 ** 28;
/** Of a file: each takes eight bytes of memory, however few it has in the file. */
const mostNumbers = 2 ** 27;
/** Files that we read nest three arrays in each other. */
const mostDepth = 16;
/** Classes of arrays. */
const cellClass = 1;
const structClass = 2;
const charClass = 4;

interface Element {
  readonly type: number;
  readonly data: Buffer;
  /** Where the next element begins. */
  readonly end: number;
}

/** Throws where there cannot be that many elements in these bytes: what a damaged file says of their number is not waited for. */
function refuseMore(elements: number, bytes: number): void {
  if (elements * 8 > bytes) throw new Error('it ends before its last element');
}

function elementAt(bytes: Buffer, at: number): Element {
  if (at + 8 > bytes.length) throw new Error('it ends before its last element');
  const tag = bytes.readUInt32LE(at);
  if (tag >>> 16 !== 0) {
    // A small element: its length in the upper half of the tag, its data in the four bytes after it.
    return { type: tag & 0xffff, data: bytes.subarray(at + 4, at + 4 + (tag >>> 16)), end: at + 8 };
  }
  const length = bytes.readUInt32LE(at + 4);
  const data = bytes.subarray(at + 8, at + 8 + length);
  if (data.length < length) throw new Error('it ends inside an element');
  const padding = tag === compressed ? 0 : (8 - (length % 8)) % 8;
  return { type: tag, data, end: at + 8 + length + padding };
}

function inflate(packed: Buffer): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: mostInflated });
  } catch (cause) {
    const isLarger = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (isLarger) throw new Error('it unpacks to more than any such file');
    throw new Error(`what it packs is cut off or damaged: ${(cause as Error).message}`, { cause });
  }
}

/** Reads the arrays of one file, and sees to it that they take no more memory than there is. */
class ArrayReader {
  #numbers = 0;

  private numbers({ type, data }: Element): number[] {
    const kind = numbers[type];
    if (kind === undefined) throw new Error(`it holds data of the unknown type ${type}`);
    const count = Math.floor(data.length / kind.bytes);
    if ((this.#numbers += count) > mostNumbers) throw new Error(`it holds more than ${mostNumbers} numbers`);
    return Array.from({ length: count }, (_, i) => kind.read(data, i * kind.bytes));
  }

  private text(element: Element): string {
    if (element.type === utf8) return element.data.toString('utf8');
    if (element.type === utf16) return element.data.toString('utf16le');
    return Buffer.from(Uint16Array.from(this.numbers(element)).buffer).toString('utf16le');
  }

  /** The parts of an array: flags, dimensions, name, and what follows. */
  array(data: Buffer, depth = 0): { name: string; value: MatValue } {
    if (depth > mostDepth) throw new Error(`it nests more than ${mostDepth} arrays in each other`);
    const flags = elementAt(data, 0);
    const sizes = elementAt(data, flags.end);
    const named = elementAt(data, sizes.end);
    const [kind] = flags.data;
    const name = this.text(named);
    const count = this.numbers(sizes).reduce((product, size) => product * size, 1);
    if (kind === structClass) return { name, value: this.structs(data, named.end, count, depth) };
    if (kind === cellClass) return { name, value: this.cells(data, named.end, count, depth) };
    if (count === 0) return { name, value: kind === charClass ? '' : [] };
    const content = elementAt(data, named.end);
    return { name, value: kind === charClass ? this.text(content) : this.numbers(content) };
  }

  private inner({ data }: Element, depth: number): MatValue {
    return data.length === 0 ? [] : this.array(data, depth + 1).value;
  }

  private cells(data: Buffer, from: number, count: number, depth: number): MatValue[] {
    refuseMore(count, data.length - from);
    const cells: MatValue[] = [];
    let at = from;
    for (let i = 0; i < count; i++) {
      const element = elementAt(data, at);
      cells.push(this.inner(element, depth));
      at = element.end;
    }
    return cells;
  }

  private structs(data: Buffer, from: number, count: number, depth: number): MatStruct[] {
    const width = elementAt(data, from);
    const names = elementAt(data, width.end);
    const [length = 0] = this.numbers(width);
    if (!(Number.isInteger(length) && length > 0)) throw new Error('its structs have fields without names');
    const fields: string[] = [];
    for (let at = 0; at < names.data.length; at += length) {
      fields.push(names.data.toString('latin1', at, at + length).replace(/\0.*$/s, ''));
    }
    refuseMore(count * Math.max(fields.length, 1), data.length - names.end);
    const structs: MatStruct[] = [];
    let at = names.end;
    for (let i = 0; i < count; i++) {
      const struct: Record<string, MatValue> = {};
      for (const field of fields) {
        const element = elementAt(data, at);
        struct[field] = this.inner(element, depth);
        at = element.end;
      }
      structs.push(struct);
    }
    return structs;
  }
}

/**
 * Reads the variables of a MATLAB 5 file, little-endian, compressed or not: text, numbers, and arrays of
 * structs or cells of these. Throws `Error` where it is something else or cut off.
 */
export function readMatFile(bytes: Buffer): Record<string, MatValue> {
  if (bytes.toString('latin1', 0, 10) !== 'MATLAB 5.0' || bytes.toString('latin1', 126, 128) !== 'IM') {
    throw new Error('it is no MATLAB 5 file of this byte order');
  }
  const variables: Record<string, MatValue> = {};
  const reader = new ArrayReader();
  let inflated = 0;
  for (let at = 128; at + 8 <= bytes.length;) {
    const outer = elementAt(bytes, at);
    let element = outer;
    if (outer.type === compressed) {
      const unpacked = inflate(outer.data);
      if ((inflated += unpacked.length) > 2 * mostInflated) throw new Error('it unpacks to more than any such file');
      element = elementAt(unpacked, 0);
    }
    if (element.type === matrix) {
      const { name, value } = reader.array(element.data);
      variables[name] = value;
    }
    at = outer.end;
  }
  return variables;
}
