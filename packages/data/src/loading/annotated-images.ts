import { basename, extname } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import type { Dataset } from '../dataset.ts';

/** What is known of one image, before anything is decoded. */
export interface ImageAnnotations {
  /** Its name in the source without folders and ending, such as `000012`: by it files of proposals name images. */
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /**
   * Objects, [count, 4]: left, top, right, bottom in pixels of the stored image. Edges lie on pixel borders, counted from 0
   * at its left and top edge: right - left is the width. PASCAL's 1-based inclusive corners are left + 1, top + 1, right,
   * bottom; where 0-based inclusive corners are wanted (Caffe's), they are left, top, right - 1, bottom - 1.
   */
  readonly boxes: Float32Array;
  /** The class of each object, [count], an index into `classes` of the dataset. */
  readonly labels: Int32Array;
  /** 1 for objects that are hard to recognise (crowds, in COCO), [count]: neither right nor wrong in an evaluation. */
  readonly difficult: Uint8Array;
  /** 1 for objects that go on outside their box, [count]. */
  readonly truncated: Uint8Array;
  /**
   * Per class 1 shown, 0 shown but only as difficult, -1 not shown, [classes]: as the lists of the dataset say, or its
   * objects where it has no such lists.
   */
  readonly presence: Int8Array;
}

/** An image with all that is known of it. */
export interface AnnotatedImage extends ImageAnnotations {
  /** [height, width, 3], 0..255, red first. */
  readonly pixels: Uint8Array;
  /** Class of each pixel, [height, width], an index into `classes`, 255 for void; undefined where it has no mask. */
  readonly mask: Uint8Array | undefined;
}

/** Images of their own sizes with boxes and masks, by index. One is decoded when it is asked for, none is kept. */
export interface AnnotatedImages {
  readonly classes: readonly string[];
  readonly count: number;
  /** Objects and flags of image `i`, in 0..count - 1; decodes nothing. Throws `RangeError` for another. */
  annotations(i: number): ImageAnnotations;
  /** Image `i` decoded, with objects, flags and mask. */
  image(i: number): AnnotatedImage;
  /** The split and the place in it that image `i` has. */
  place(i: number): { readonly split: string; readonly index: number };
}

/**
 * The images of a split, or of several joined by `+` (`train+val`) one behind the other, each in the order of its list.
 * Throws `UserError` for a split that there is not or that is named twice.
 */
export function annotatedImages(dataset: Dataset, splits: string): AnnotatedImages {
  const { classes, name } = dataset.manifest;
  const names = splits.split('+');
  if (new Set(names).size < names.length) {
    throw new UserError(`"${splits}" names a split twice`, { remedy: `Name each split of ${name} once.` });
  }
  const counts = names.map((split) => dataset.count(split));
  const count = counts.reduce((sum, one) => sum + one, 0);

  const place = (i: number): { split: string; index: number } => {
    if (!Number.isInteger(i) || i < 0 || i >= count) throw new RangeError(`Image ${i} of ${count} of ${splits}`);
    let index = i;
    let part = 0;
    while (index >= counts[part]!) index -= counts[part++]!;
    return { split: names[part]!, index };
  };

  const annotations = (i: number): ImageAnnotations => {
    const { split, index } = place(i);
    const path = dataset.sourcePath(split, index);
    const { boxes = [], presence } = dataset.annotations(split, index);
    return {
      name: basename(path, extname(path)),
      ...sizeOf(dataset, split, index),
      boxes: Float32Array.from(boxes.flatMap(({ left, top, right, bottom }) => [left, top, right, bottom])),
      labels: Int32Array.from(boxes, ({ label }) => label),
      difficult: Uint8Array.from(boxes, ({ difficult }) => Number(difficult)),
      truncated: Uint8Array.from(boxes, ({ truncated }) => Number(truncated)),
      presence: Int8Array.from(presence ?? presenceOfBoxes(boxes, classes.length)),
    };
  };

  return {
    classes,
    count,
    place,
    annotations,
    image: (i) => {
      const { split, index } = place(i);
      const { pixels, channels } = dataset.picture(split, index);
      const rgb =
        channels === 3 ? pixels : Uint8Array.from({ length: 3 * pixels.length }, (_, p) => pixels[Math.floor(p / 3)]!);
      return { ...annotations(i), pixels: rgb, mask: dataset.mask(split, index)?.classes };
    },
  };
}

/** Height and width of an image as it is stored; decodes nothing. */
function sizeOf(dataset: Dataset, split: string, index: number): { height: number; width: number } {
  const { image } = dataset.manifest;
  if (image.encoding === 'raw') return { height: image.height, width: image.width };
  return dataset.withJpeg(split, index, ({ height, width }) => ({ height, width }));
}

/** What objects say of the classes of an image, as PASCAL's lists do: 1 shown, 0 only difficult ones, -1 not shown. */
export function presenceOfBoxes(
  boxes: readonly { readonly label: number; readonly difficult: boolean }[],
  classes: number,
): number[] {
  const presence = new Array<number>(classes).fill(-1);
  for (const { label, difficult } of boxes) presence[label] = Math.max(presence[label]!, difficult ? 0 : 1);
  return presence;
}
