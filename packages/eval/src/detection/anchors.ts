import type { Grid } from '@selfsup/engine/bilinear';
import type { Boxes } from './boxes.ts';

/** Sizes and shapes of anchors. */
export interface AnchorRule {
  /** Sides in pixels of square ones. */
  readonly sides: readonly number[];
  /** Ratios of height to width. */
  readonly ratios: readonly number[];
}

/** Width and height in pixels. */
export type AnchorShape = readonly [width: number, height: number];

/** Where the units of a feature map lie, and how many there are. */
export interface MapGrid extends Grid {
  readonly height: number;
  readonly width: number;
}

/** Side of the window whose reshaped forms are rounded to pixels, then scaled. */
const BASE = 16;

/**
 * The shapes of anchors, ratio by ratio, as Faster R-CNN was released: forms of about 16² pixels, rounded, times side / 16
 * (Ren et al. 2015, arXiv:1506.01497, §3.1.1: three sides, three ratios).
 */
export function anchorShapes({ sides, ratios }: AnchorRule): AnchorShape[] {
  return ratios.flatMap((ratio) => {
    const width = Math.round(BASE / Math.sqrt(ratio));
    const height = Math.round(width * ratio);
    return sides.map((side): AnchorShape => [(width * side) / BASE, (height * side) / BASE]);
  });
}

/**
 * Anchors of all shapes about the pixel that each unit of a map is centred on: row by row, unit by unit, shape by shape. Pixel p
 * reaches from p to p + 1; the released generator's inclusive corners x1 y1 x2 y2, counted from 1, are x1 − 1, y1 − 1, x2, y2 here.
 */
export function anchorsOver({ height, width, stride, centre }: MapGrid, shapes: readonly AnchorShape[]): Boxes {
  const found = new Float32Array(4 * height * width * shapes.length);
  let at = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (const [wide, high] of shapes) {
        const [x, y] = [column, row].map((unit) => centre + stride * unit + 0.5) as [number, number];
        found.set([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2], at);
        at += 4;
      }
  return found;
}
