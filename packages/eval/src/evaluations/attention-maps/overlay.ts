import { resized, stretched, type CellMap } from './attention.ts';

export type { CellMap };

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
 * A picture in grey under the attention to it, stretched to the whole ramp of colours: `[cell, cell, 3]` of 0..255, as
 * `rgb` is.
 */
export function overlaid(rgb: Uint8Array, map: CellMap, cell: number): Uint8Array {
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
