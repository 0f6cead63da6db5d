import { thumbnail, type Picture } from '@selfsup/data/pictures';
import { encodePng } from '@selfsup/report/images';
import { overlaid, type CellMap } from './overlay.ts';

/** A turned copy and the attention to it. */
export interface Attended {
  readonly picture: Picture;
  readonly map: CellMap;
}

/** Pixels between copies. */
const gap = 4;

/**
 * A picture in its own colours, then each turned copy in grey under its attention, stretched to the whole ramp, in one row
 * as PNG; every one `cell` pixels a side.
 */
export function attentionStrip(upright: Picture, copies: readonly Attended[], cell: number): Uint8Array {
  const width = (cell + gap) * (copies.length + 1) - gap;
  const pixels = new Uint8Array(cell * width * 3).fill(128);
  const place = (at: number, rgb: Uint8Array): void => {
    for (let y = 0; y < cell; y++)
      pixels.set(rgb.subarray(y * cell * 3, (y + 1) * cell * 3), 3 * (y * width + at * (cell + gap)));
  };
  place(0, colours(upright, cell));
  copies.forEach(({ picture, map }, i) => place(i + 1, overlaid(colours(picture, cell), map, cell)));
  return encodePng(pixels, cell, width, 3);
}

/** `[cell, cell, 3]` of a square picture of one or three channels. */
function colours(picture: Picture, cell: number): Uint8Array {
  const { pixels, channels } = thumbnail(picture, cell);
  return Uint8Array.from({ length: cell * cell * 3 }, (_, i) =>
    channels === 3 ? (pixels[i] as number) : (pixels[Math.floor(i / 3) * channels] as number),
  );
}
