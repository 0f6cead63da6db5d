import type { Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { deriveKey, integer, uniform, type RandomKey } from '@selfsup/kit/random';
import type { Feed } from '@selfsup/trainer/trainee';
import { drawFeed } from '../tuning/draw-feed.ts';

/** Label of a pixel that counts for nothing. */
export const VOID = 255;

/** Images of differing size with their masks in frames of one size: at the left top, void beyond. */
export interface Frames {
  readonly count: number;
  /** `[count, height, width, 3]`, 0..255. */
  readonly images: Uint8Array;
  /** `[count, height]` and `[count, width]`: 1 where a frame has an image, else 0. */
  readonly rows: Float32Array;
  readonly columns: Float32Array;
  /** `[count, height, width]` class indices, 255 for void. */
  readonly labels: Uint8Array;
}

export interface FrameSize {
  readonly height: number;
  readonly width: number;
}

/** What is cut from an image: at most a frame, mirrored or not. */
interface Cut {
  readonly left: number;
  readonly top: number;
  readonly flip: boolean;
}

/**
 * Images of a split in frames; `cutOf` says which part of an image larger than its frame is taken, and whether it is mirrored.
 * Throws `UserError` naming an image without a mask.
 */
export function framesOf(
  dataset: Dataset,
  split: string,
  indices: ArrayLike<number>,
  size: FrameSize,
  cutOf: (place: number, image: FrameSize) => Cut = () => ({ left: 0, top: 0, flip: false }),
): Frames {
  const { height, width } = size;
  const count = indices.length;
  const frames = {
    ...{ count, images: new Uint8Array(count * height * width * 3) },
    ...{ rows: new Float32Array(count * height), columns: new Float32Array(count * width) },
    labels: new Uint8Array(count * height * width).fill(VOID),
  };
  for (let i = 0; i < count; i++) {
    const picture = dataset.picture(split, indices[i]!);
    const mask = dataset.mask(split, indices[i]!);
    if (mask === undefined)
      throw new UserError(`Image ${dataset.sourcePath(split, indices[i]!)} of ${split} has no mask`, {
        field: 'needs.dataset',
        remedy: 'Name a dataset of segmentation, such as VOC\'s with "task": "segmentation".',
      });
    const { left, top, flip } = cutOf(i, picture);
    const [high, wide] = [Math.min(height, picture.height - top), Math.min(width, picture.width - left)];
    frames.rows.fill(1, i * height, i * height + high);
    frames.columns.fill(1, i * width, i * width + wide);
    const { pixels, channels } = picture;
    for (let y = 0; y < high; y++)
      for (let x = 0; x < wide; x++) {
        const from = (top + y) * picture.width + left + (flip ? wide - 1 - x : x);
        const to = (i * height + y) * width + x;
        frames.labels[to] = mask.classes[from]!;
        for (let channel = 0; channel < 3; channel++)
          frames.images[3 * to + channel] = pixels[from * channels + (channels === 3 ? channel : 0)]!;
      }
  }
  return frames;
}

/** The frames of a batch one by one. */
export function singleFrames({ count, images, rows, columns, labels }: Frames): Frames[] {
  return Array.from({ length: count }, (_, i) => {
    const own = <Values extends Uint8Array | Float32Array>(values: Values): Values =>
      values.subarray((i * values.length) / count, ((i + 1) * values.length) / count) as Values;
    return { count: 1, images: own(images), rows: own(rows), columns: own(columns), labels: own(labels) };
  });
}

export interface FrameFeed {
  readonly dataset: Dataset;
  readonly split: string;
  readonly indices: Uint32Array;
  readonly batchSize: number;
  /** Draws that make an epoch; the number of images where absent. */
  readonly samplesPerEpoch?: number | undefined;
  readonly size: FrameSize;
  /** Mirror half of the images. */
  readonly flip: boolean;
  /** Order, parts and mirrors are functions of it. */
  readonly key: RandomKey;
}

/** Batches of frames to train on, each image as often as any other; all a function of the key and the position. */
export function frameFeed({
  dataset,
  split,
  indices,
  batchSize,
  samplesPerEpoch,
  size,
  flip,
  key,
}: FrameFeed): Feed<Frames> {
  return drawFeed({ items: indices.length, samplesPerEpoch, batchSize }, key, (draws, epoch) => {
    const chosen = Uint32Array.from(draws, (draw) => indices[draw % indices.length]!);
    return framesOf(dataset, split, chosen, size, (place, image) => {
      const own = deriveKey(key, 'cut', epoch, draws[place]!);
      const along = (room: number, frame: number, axis: number): number =>
        room > frame ? integer(own, room - frame + 1, axis) : 0;
      return {
        left: along(image.width, size.width, 0),
        top: along(image.height, size.height, 1),
        flip: flip && uniform(own, 2) < 0.5,
      };
    });
  });
}
