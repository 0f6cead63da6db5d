import { isUtf8 } from 'node:buffer';

/** What the header of a member of a tar says, as far as reading files needs it. */
export interface TarHeader {
  readonly path: string;
  /** Of the content that follows, in bytes. */
  readonly bytes: number;
  /** POSIX type flag: `0` a file, `1` a hard link, `2` a symbolic one, `x` attributes of the next member, `L` its GNU long name. */
  readonly type: string;
  /** Where a link leads. */
  readonly target: string;
}

/** What a header in front of a member says of it, instead of its own. */
export interface Described {
  readonly path?: string;
  readonly target?: string;
  readonly bytes?: number;
  /** Whether only the parts of the file that are not empty are stored. */
  readonly sparse?: true;
}

/** Names are UTF-8; old archives have others, which as Latin-1 at least stay apart from each other. */
export function nameOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  const name = end < 0 ? bytes : bytes.subarray(0, end);
  return name.toString(isUtf8(name) ? 'utf8' : 'latin1');
}

/** Octal digits; or, with the first bit set, a big-endian number, as GNU writes sizes above 8 GiB. */
function number(block: Buffer, from: number, length: number): number {
  if ((block[from]! & 0x80) === 0) {
    return Number.parseInt(nameOf(block.subarray(from, from + length)).trim() || '0', 8);
  }
  let value = block[from]! & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + block[from + i]!;
  return value;
}

/**
 * Reads one header block of 512 bytes (POSIX.1-1988 ustar, with GNU's large sizes); undefined where its checksum does not
 * hold or its size is no number.
 */
export function tarHeader(block: Buffer): TarHeader | undefined {
  let sum = 8 * 32; // the checksum itself counts as spaces
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += block[i]!;
  const bytes = number(block, 124, 12);
  if (number(block, 148, 8) !== sum || !Number.isSafeInteger(bytes) || bytes < 0) return undefined;
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'; // GNU's own form uses the prefix otherwise
  const name = nameOf(block.subarray(0, 100));
  const prefix = isUstar ? nameOf(block.subarray(345, 500)) : '';
  const path = prefix === '' ? name : `${prefix}/${name}`;
  const flag = String.fromCharCode(block[156]!);
  const type = flag === '\0' || flag === '7' ? '0' : flag;
  // Before POSIX a folder was a file whose name ends in a slash.
  const isFolder = type === '0' && path.endsWith('/');
  return { path, bytes, type: isFolder ? '5' : type, target: nameOf(block.subarray(157, 257)) };
}

/**
 * What pax attributes (`23 path=…\n`, the length of each line in front) say of the next member; undefined where they are not
 * of that form.
 */
export function paxAttributes(content: Buffer): Described | undefined {
  const found: { path?: string; target?: string; bytes?: number; sparse?: true } = {};
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(32, at);
    const length = Number(content.toString('latin1', at, space));
    const equals = content.indexOf(61, space);
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > content.length)
      return undefined;
    if (equals < 0 || equals >= at + length || content[at + length - 1] !== 10) return undefined;
    const key = content.toString('utf8', space + 1, equals);
    const value = content.subarray(equals + 1, at + length - 1);
    if (key === 'path') found.path = nameOf(value);
    if (key === 'linkpath') found.target = nameOf(value);
    if (key === 'size') found.bytes = Number(value.toString());
    if (key.startsWith('GNU.sparse.')) found.sparse = true;
    if (key === 'GNU.sparse.name') found.path = nameOf(value); // the plain path is one that GNU made up
    at += length;
  }
  return found;
}
