import { encodePng } from './png.ts';

/**
 * A mask as a picture of PNG: the colour of each pixel is that of its class.
 *
 * @param classes [height, width]
 * @param colourOf of a class index, each of its parts 0..255
 */
export function maskPng(
  classes: Uint8Array,
  height: number,
  width: number,
  colourOf: (label: number) => readonly [number, number, number],
): Uint8Array {
  const table = Array.from({ length: 256 }, (_, label) => colourOf(label));
  const pixels = new Uint8Array(3 * classes.length);
  for (let i = 0; i < classes.length; i++) pixels.set(table[classes[i]!]!, 3 * i);
  return encodePng(pixels, height, width, 3);
}
