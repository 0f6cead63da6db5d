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
/** No variable that we read is larger; a few bytes could unpack to gigabytes. */
const mostInflated = 2 ** 28;
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

function elementAt(bytes: Buffer, at: number): Element {
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

function numbersOf({ type, data }: Element): number[] {
  const kind = numbers[type];
  if (kind === undefined) throw new Error(`it holds data of the unknown type ${type}`);
  return Array.from({ length: data.length / kind.bytes }, (_, i) => kind.read(data, i * kind.bytes));
}

function textOf(element: Element): string {
  if (element.type === utf8) return element.data.toString('utf8');
  if (element.type === utf16) return element.data.toString('utf16le');
  return String.fromCharCode(...numbersOf(element));
}

/** The parts of an array: flags, dimensions, name, and what follows. */
function arrayOf(data: Buffer): { name: string; value: MatValue } {
  const flags = elementAt(data, 0);
  const sizes = elementAt(data, flags.end);
  const name = elementAt(data, sizes.end);
  const kind = flags.data[0]!;
  const count = numbersOf(sizes).reduce((product, size) => product * size, 1);
  if (kind === structClass) return { name: textOf(name), value: structsOf(data, name.end, count) };
  if (kind === cellClass) return { name: textOf(name), value: cellsOf(data, name.end, count) };
  if (count === 0) return { name: textOf(name), value: kind === charClass ? '' : [] };
  const content = elementAt(data, name.end);
  return { name: textOf(name), value: kind === charClass ? textOf(content) : numbersOf(content) };
}

/** Throws where there cannot be that many elements in these bytes: what a damaged file says of their number is not waited for. */
function refuseMore(elements: number, bytes: number): void {
  if (elements * 8 > bytes) throw new Error('it ends before its last element');
}

function cellsOf(data: Buffer, from: number, count: number): MatValue[] {
  refuseMore(count, data.length - from);
  const cells: MatValue[] = [];
  let at = from;
  for (let i = 0; i < count; i++) {
    const element = elementAt(data, at);
    cells.push(element.data.length === 0 ? [] : arrayOf(element.data).value);
    at = element.end;
  }
  return cells;
}

function structsOf(data: Buffer, from: number, count: number): MatStruct[] {
  const width = elementAt(data, from);
  const names = elementAt(data, width.end);
  const [length = 0] = numbersOf(width);
  if (!(length > 0)) throw new Error('its structs have fields without names');
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
      struct[field] = element.data.length === 0 ? [] : arrayOf(element.data).value;
      at = element.end;
    }
    structs.push(struct);
  }
  return structs;
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
  for (let at = 128; at + 8 <= bytes.length;) {
    const outer = elementAt(bytes, at);
    const element =
      outer.type === compressed ? elementAt(inflateSync(outer.data, { maxOutputLength: mostInflated }), 0) : outer;
    if (element.type === matrix) {
      const { name, value } = arrayOf(element.data);
      variables[name] = value;
    }
    at = outer.end;
  }
  return variables;
}
