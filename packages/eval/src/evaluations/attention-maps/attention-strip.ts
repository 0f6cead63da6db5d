import { thumbnail, type Picture } from '@selfsup/data/pictures';
import { encodePng } from '@selfsup/report/images';
import { resized, stretched, type CellMap } from './attention.ts';

/** A turned copy and the attention to it. */
export interface Attended {
  readonly picture: Picture;
  readonly map: CellMap;
}

/** Pixels between copies. */
const gap = 4;
/** Colours of the least and the greatest attention, and between them, at equal distances: lighter is more. */
const ramp = [
  [10, 14, 50],
  [72, 38, 140],
  [196, 58, 112],
  [250, 150, 60],
  [255, 246, 190],
] as const;
/** Part of the colour in a pixel; the rest is the image in grey. */
const opacity = 0.65;

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

function overlaid(rgb: Uint8Array, map: CellMap, cell: number): Uint8Array {
  const { values } = resized(stretched(map), cell, cell);
  const result = new Uint8Array(rgb.length);
  for (let i = 0; i < values.length; i++) {
    const grey =
      0.299 * (rgb[3 * i] as number) + 0.587 * (rgb[3 * i + 1] as number) + 0.114 * (rgb[3 * i + 2] as number);
    const at = (values[i] as number) * (ramp.length - 1);
    const step = Math.min(ramp.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++) {
      const [low, high] = [ramp[step]![c]!, ramp[step + 1]![c]!];
      result[3 * i + c] = Math.round(opacity * (low + (high - low) * (at - step)) + (1 - opacity) * grey);
    }
  }
  return result;
}
