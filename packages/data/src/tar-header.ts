/** What the header of a member of a tar says, as far as reading files needs it. */
export interface TarHeader {
  readonly path: string;
  /** Of the content that follows, in bytes. */
  readonly bytes: number;
  /** POSIX type flag: `0` a file, `x` attributes of the next member, `L` its GNU long name. */
  readonly type: string;
}

function text(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** Octal digits; or, with the first bit set, a big-endian number, as GNU writes sizes above 8 GiB. */
function number(block: Buffer, from: number, length: number): number {
  if ((block[from]! & 0x80) === 0) return Number.parseInt(text(block, from, length).trim() || '0', 8);
  let value = block[from]! & 0x7f;
  for (let i = 1; i < length; i++) value = value * 256 + block[from + i]!;
  return value;
}

/**
 * Reads one header block of 512 bytes (POSIX.1-1988 ustar, with GNU's large sizes); nothing where its checksum does not
 * hold or its size is no number.
 */
export function tarHeader(block: Buffer): TarHeader | undefined {
  let sum = 8 * 32; // the checksum itself counts as spaces
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += block[i]!;
  const bytes = number(block, 124, 12);
  if (number(block, 148, 8) !== sum || !Number.isSafeInteger(bytes)) return undefined;
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'; // GNU's own form uses the prefix otherwise
  const prefix = isUstar ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const type = String.fromCharCode(block[156]!);
  return { path: prefix === '' ? name : `${prefix}/${name}`, bytes, type: type === '\0' ? '0' : type };
}

/** Name and size that pax attributes (`23 path=…\n`, the length of each line in front) give the next member. */
export function paxAttributes(content: Buffer): { path?: string; bytes?: number } {
  const found: { path?: string; bytes?: number } = {};
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(32, at);
    const length = Number(content.toString('latin1', at, space));
    if (space < 0 || !Number.isInteger(length) || length <= 0) break;
    const line = content.toString('utf8', space + 1, at + length - 1);
    const value = line.slice(line.indexOf('=') + 1);
    if (line.startsWith('path=')) found.path = value;
    if (line.startsWith('size=')) found.bytes = Number(value);
    at += length;
  }
  return found;
}
