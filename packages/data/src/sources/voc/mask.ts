import { decode, type DecodedPng } from 'fast-png';
import { classColour, voidClass } from '../../formats/class-colours.ts';
import type { SourceMask } from '../../source.ts';
import { checkedPng } from './checked-png.ts';

/** Bits of several pixels in a byte, the first in the highest ones, to one byte a pixel. */
function unpacked(data: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const perByte = 8 / depth;
  const rowBytes = Math.ceil(width / perByte);
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const x = i % width;
    const byte = data[Math.floor(i / width) * rowBytes + Math.floor(x / perByte)]!;
    pixels[i] = (byte >> (8 - depth * ((x % perByte) + 1))) & ((1 << depth) - 1);
  }
  return pixels;
}

/** Width and height stand at fixed places of a PNG: known before anything is unpacked. */
function sizeOf(content: Uint8Array): readonly [height: number, width: number] {
  if (content.length < 24) throw new Error('is cut off');
  if (Buffer.from(content.subarray(0, 8)).toString('latin1') !== '\x89PNG\r\n\x1a\n') throw new Error('is no PNG');
  const view = new DataView(content.buffer, content.byteOffset);
  return [view.getUint32(20), view.getUint32(16)];
}

/** Class indices of a picture in VOC's colours. */
function ofColours({ data, width, height, channels }: DecodedPng, classes: number): Uint8Array {
  const indices = new Map<number, number>();
  for (const index of [...Array.from({ length: classes }, (_, i) => i), voidClass]) {
    const [red, green, blue] = classColour(index);
    indices.set((red << 16) | (green << 8) | blue, index);
  }
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [red, green, blue] = data.subarray(channels * i, channels * i + 3);
    const index = indices.get((red! << 16) | (green! << 8) | blue!);
    if (index === undefined) throw new Error(`holds the colour ${red}, ${green}, ${blue}, which is that of no class`);
    return index;
  });
}

function decoded(content: Uint8Array): DecodedPng {
  try {
    return decode(content);
  } catch (cause) {
    // The reader of PNGs leaves out what it would say behind a colon.
    throw new Error(`cannot be decoded: ${(cause as Error).message.replace(/[:\s]+$/, '')}`, { cause });
  }
}

/** As of other pictures. */
const mostPixels = 2 ** 27;

/**
 * The class indices of a mask: of a PNG with a palette or in grey its values (of a palette the indices, not the colours), of
 * one in colours the classes that VOC draws so. Throws `Error` where it is damaged, has another size than its image, or an
 * index or colour that is of no class.
 *
 * @param image its size, where it is known
 * @param classes how many there are, the background among them; 255 is void
 */
export function readVocMask(
  content: Uint8Array,
  image: { readonly height: number; readonly width: number } | undefined,
  classes: number,
): SourceMask {
  const [rows, columns] = sizeOf(content);
  if (image !== undefined && (rows !== image.height || columns !== image.width)) {
    throw new Error(`is ${rows} × ${columns} pixels, the image ${image.height} × ${image.width}`);
  }
  if (rows * columns > mostPixels) throw new Error(`is ${rows} × ${columns} pixels, more than any image that is read`);
  const png = decoded(checkedPng(content));
  const { width, height, depth, channels } = png;
  if (depth === 16 || channels === 2) throw new Error(`has ${depth} bits in ${channels} channels, which no mask has`);
  if (channels > 2) return { classes: ofColours(png, classes), height, width };
  const data = Uint8Array.from(png.data);
  const indices = depth < 8 && data.length < width * height ? unpacked(data, width, height, depth) : data;
  const odd = indices.find((index) => index >= classes && index !== voidClass);
  if (odd !== undefined) throw new Error(`holds the index ${odd}, which is no class`);
  return { classes: indices, height, width };
}
