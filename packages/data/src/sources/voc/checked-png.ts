import { inflateSync } from 'node:zlib';
import { crc32 } from '@selfsup/kit/files';

/** Values a pixel by the kind of colours: grey, RGB, palette, grey with alpha, RGB with alpha. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** What pixels need; text, profiles and the like are left out, for a few bytes of them can unpack to gigabytes. */
const needed = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
/** Where each pass of an interlaced PNG begins, across and down, and how far its pixels lie apart. */
const passes = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]] as const; // prettier-ignore
/** Some programs pack a few bytes more than there are pixels. */
const mostExtra = 2 ** 16;

/** Bytes of the rows that a header announces, each with its filter in front. */
function unpackedBytes(header: Buffer): number {
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, colours, , , interlaced] = header.subarray(8);
  const channels = channelsOf[colours!];
  if (channels === undefined) throw new Error(`has colours of the unknown kind ${colours}`);
  if (![1, 2, 4, 8, 16].includes(depth!)) throw new Error(`has ${depth} bits a value, which no PNG has`);
  const rows = (across: number, down: number): number =>
    across === 0 ? 0 : down * (1 + Math.ceil((across * channels * depth!) / 8));
  if (interlaced !== 1) return rows(width, height);
  return passes.reduce((sum, [left, top, right, below]) => {
    const across = Math.max(0, Math.ceil((width - left) / right));
    return sum + rows(across, Math.max(0, Math.ceil((height - top) / below)));
  }, 0);
}

/**
 * A PNG with only the parts that its pixels need. Throws `Error` where it is cut off, a checksum is another, or its pixels
 * unpack to fewer or absurdly more than its header says: its reader looks at none of that.
 */
export function checkedPng(png: Uint8Array): Buffer {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const kept = [bytes.subarray(0, 8)];
  const packed: Buffer[] = [];
  let header: Buffer | undefined;
  for (let at = 8, type = ''; type !== 'IEND';) {
    if (at + 12 > bytes.length) throw new Error('is cut off');
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error('is cut off');
    type = bytes.toString('latin1', at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) {
      throw new Error(`is damaged: the checksum of its part ${JSON.stringify(type)} is another`);
    }
    const data = bytes.subarray(at + 8, end - 4);
    if (header === undefined && (type !== 'IHDR' || data.length !== 13)) throw new Error('has no header');
    header ??= data;
    if (type === 'IDAT') packed.push(data);
    if (needed.includes(type)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  const expected = unpackedBytes(header!);
  let unpacked: number;
  try {
    unpacked = inflateSync(Buffer.concat(packed), { maxOutputLength: expected + mostExtra }).length;
  } catch (cause) {
    const isLarger = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new Error(
      isLarger ? 'unpacks to more than its pixels take' : `cannot be decoded: ${(cause as Error).message}`,
    );
  }
  if (unpacked < expected) throw new Error(`is cut off: it has ${unpacked} bytes of pixels instead of ${expected}`);
  return Buffer.concat(kept);
}
