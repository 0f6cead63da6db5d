import type { Dataset } from '@selfsup/data/dataset';
import { resize } from '@selfsup/data/pictures';
import type { Boxes } from './boxes.ts';

/** How large images are made. */
export interface ScaleRule {
  /** The shorter side in pixels. */
  readonly side: number;
  /** What the longer side may be at most. */
  readonly most: number;
}

/** Heights and widths of batches are multiples of this, so that there are few of them. */
const MULTIPLE = 64;

/** Images brought to one scale each, at the left top of frames of one size; black and outside beyond. */
export interface ScaledImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** `[count, height, width, 3]`, 0..255. */
  readonly images: Uint8Array;
  /** `[count, height]` and `[count, width]`: 1 where there is image, else 0. */
  readonly rows: Float32Array;
  readonly columns: Float32Array;
  /** Pixels of a frame for a pixel of the stored image, down and across, for each image. */
  readonly scales: readonly (readonly [down: number, across: number])[];
  /** Height and width of each stored image. */
  readonly sizes: readonly { readonly height: number; readonly width: number }[];
}

/** What is wanted of an image. */
export interface WantedImage {
  readonly index: number;
  readonly flip: boolean;
  readonly scale: ScaleRule;
}

/** Images of a split, scaled so that the shorter side is as asked and the longer one not too long. */
export function scaledImages(dataset: Dataset, split: string, wanted: readonly WantedImage[]): ScaledImages {
  const pictures = wanted.map(({ index }) => dataset.picture(split, index));
  const targets = pictures.map(({ height, width }, i) => {
    const { side, most } = wanted[i]!.scale;
    const factor = Math.min(side / Math.min(height, width), most / Math.max(height, width));
    return { height: Math.max(1, Math.round(height * factor)), width: Math.max(1, Math.round(width * factor)) };
  });
  const frame = (sides: readonly number[]): number => Math.ceil(Math.max(...sides) / MULTIPLE) * MULTIPLE;
  const [height, width] = [frame(targets.map((one) => one.height)), frame(targets.map((one) => one.width))];
  const count = wanted.length;
  const found = {
    images: new Uint8Array(count * height * width * 3),
    rows: new Float32Array(count * height),
    columns: new Float32Array(count * width),
  };
  pictures.forEach((picture, i) => {
    const target = targets[i]!;
    const pixels = new Uint8Array(target.height * target.width * picture.channels);
    const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
    resize(picture, whole, { ...target, filter: 'bilinear', flip: wanted[i]!.flip, target: pixels });
    found.rows.fill(1, i * height, i * height + target.height);
    found.columns.fill(1, i * width, i * width + target.width);
    for (let y = 0; y < target.height; y++)
      for (let x = 0; x < target.width; x++)
        for (let channel = 0; channel < 3; channel++) {
          const from = (y * target.width + x) * picture.channels + (picture.channels === 3 ? channel : 0);
          found.images[((i * height + y) * width + x) * 3 + channel] = pixels[from]!;
        }
  });
  const scales = targets.map((one, i) => [one.height / pictures[i]!.height, one.width / pictures[i]!.width] as const);
  const sizes = pictures.map((one) => ({ height: one.height, width: one.width }));
  return { count, height, width, ...found, scales, sizes };
}

/** Boxes of an image of this width, mirrored left to right. */
export function mirrored(boxes: Boxes, width: number): Boxes {
  const found = boxes.slice();
  for (let at = 0; at < boxes.length; at += 4) {
    found[at] = width - boxes[at + 2]!;
    found[at + 2] = width - boxes[at]!;
  }
  return found;
}

/** Inclusive corners in the pixels of a frame, as regions are pooled by, of some boxes in those of the stored image. */
export function cornersOf(
  boxes: Boxes,
  chosen: readonly number[],
  [down, across]: readonly [number, number],
): number[] {
  return chosen.flatMap((i) => [
    boxes[4 * i]! * across,
    boxes[4 * i + 1]! * down,
    (boxes[4 * i + 2]! - 1) * across,
    (boxes[4 * i + 3]! - 1) * down,
  ]);
}
