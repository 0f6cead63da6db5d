/**
 * The colour that PASCAL VOC draws a class index with in masks, 0..255: bits 0, 3, 6 of the index are the highest ones of
 * red, bits 1, 4, 7 of green, bits 2, 5 of blue, and so on down. 0 is black, 255 (void) is 224, 224, 192.
 */
export function classColour(index: number): [red: number, green: number, blue: number] {
  const colour: [number, number, number] = [0, 0, 0];
  for (let bit = 0; bit < 3; bit++) {
    for (let channel = 0; channel < 3; channel++) {
      colour[channel]! |= ((index >> (3 * bit + channel)) & 1) << (7 - bit);
    }
  }
  return colour;
}

/** The class index of void in masks: pixels that count neither for nor against. */
export const voidClass = 255;
