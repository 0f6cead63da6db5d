import type { Dataset } from '@selfsup/data/dataset';
import { resize } from '@selfsup/data/pictures';
import type { Boxes } from './boxes.ts';

/** Of an image in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

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
  readonly sizes: readonly Size[];
}

/** What is wanted of an image. */
export interface WantedImage {
  readonly index: number;
  readonly flip: boolean;
  readonly scale: ScaleRule;
}

/** The size that an image of a size is brought to. */
export function scaledSize({ height, width }: Size, { side, most }: ScaleRule): Size {
  const factor = Math.min(side / Math.min(height, width), most / Math.max(height, width));
  return { height: Math.max(1, Math.round(height * factor)), width: Math.max(1, Math.round(width * factor)) };
}

/** The frame that images of these sizes lie in. */
export function frameFor(sizes: readonly Size[]): Size {
  const frame = (sides: readonly number[]): number => Math.ceil(Math.max(...sides) / MULTIPLE) * MULTIPLE;
  return { height: frame(sizes.map((one) => one.height)), width: frame(sizes.map((one) => one.width)) };
}

/** Images of a split, scaled so that the shorter side is as asked and the longer one not too long. */
export function scaledImages(dataset: Dataset, split: string, wanted: readonly WantedImage[]): ScaledImages {
  const pictures = wanted.map(({ index }) => dataset.picture(split, index));
  const targets = pictures.map((picture, i) => scaledSize(picture, wanted[i]!.scale));
  const { height, width } = frameFor(targets);
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

/** Inclusive corners in the pixels of a frame, as regions are pooled by, of boxes in those of the stored image. */
export function cornersOf(boxes: Boxes, [down, across]: readonly [number, number]): number[] {
  return Array.from(boxes, (edge, at) => (at % 4 < 2 ? edge : edge - 1) * (at % 2 === 0 ? across : down));
}

/** Boxes of a stored image in the pixels of its frame, by its scale; by the inverse of it, back. */
export function scaledBoxes(boxes: Boxes, [down, across]: readonly [number, number]): Boxes {
  return boxes.map((edge, at) => edge * (at % 2 === 0 ? across : down));
}

/** Height and width in pixels of the frame that the only one of some images takes. */
export function frameArea({ scales, sizes }: ScaledImages): Size {
  const [[down, across], size] = [scales[0]!, sizes[0]!];
  return { height: Math.round(size.height * down), width: Math.round(size.width * across) };
}
