import { decode } from 'fast-png';
import type { SourceMask } from '../../source.ts';

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
  const view = new DataView(content.buffer, content.byteOffset);
  return [view.getUint32(20), view.getUint32(16)];
}

/**
 * The class indices of a palette PNG (its indices, not its colours): 0 background, 1 to 20 the classes, 255 void.
 * Throws `Error` where it is damaged, has another size than its image or no palette, or holds an index that is no class.
 */
export function readVocMask(
  content: Uint8Array,
  image: { readonly height: number; readonly width: number },
): SourceMask {
  const [rows, columns] = sizeOf(content);
  if (rows !== image.height || columns !== image.width) {
    throw new Error(`is ${rows} × ${columns} pixels, the image ${image.height} × ${image.width}`);
  }
  const png = decode(content);
  if (png.palette === undefined || png.channels !== 1) throw new Error('has no palette: it is no mask of PASCAL VOC');
  const { width, height, depth } = png;
  const data = Uint8Array.from(png.data);
  const classes = depth < 8 && data.length < width * height ? unpacked(data, width, height, depth) : data;
  const odd = classes.find((index) => index > 20 && index !== 255);
  if (odd !== undefined) throw new Error(`holds the index ${odd}, which is no class`);
  return { classes, height, width };
}
