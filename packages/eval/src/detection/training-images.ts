import { annotatedImages } from '@selfsup/data/annotated-images';
import type { Dataset } from '@selfsup/data/dataset';
import { deriveKey, integer, type RandomKey } from '@selfsup/kit/random';
import type { TrueObjects } from './region-sampling.ts';
import { frameFor, scaledSize, type ScaleRule, type Size, type WantedImage } from './scaled-images.ts';

/** Images with boxes to train on. */
export interface LabelledImages {
  readonly dataset: Dataset;
  readonly split: string;
  readonly indices: Uint32Array;
  /** Whether difficult objects are trained on. */
  readonly difficult: boolean;
}

/** How images are drawn. */
export interface ImageDrawing extends LabelledImages {
  /** Images to a step. */
  readonly batchSize: number;
  /** Draws that make an epoch; twice the number of images, each mirrored too, where absent. */
  readonly samplesPerEpoch?: number | undefined;
  /** One of them at random for each image. */
  readonly scales: readonly ScaleRule[];
  /** Order, scales and all that is drawn of an image are functions of it. */
  readonly key: RandomKey;
  /** Called with the size of each batch of frames before it is given. */
  readonly onSize: (size: Size) => void;
}

/** The objects of an image in its own pixels; the class of each counted from 1. */
export function objectsOf(
  { dataset, split, difficult }: Pick<LabelledImages, 'dataset' | 'split' | 'difficult'>,
  index: number,
): TrueObjects {
  const { boxes = [] } = dataset.annotations(split, index);
  const own = boxes.filter((box) => difficult || !box.difficult);
  return {
    boxes: Float32Array.from(own.flatMap(({ left, top, right, bottom }) => [left, top, right, bottom])),
    labels: own.map(({ label }) => label + 1),
  };
}

/** What is wanted of an image for a draw of [0, 2 · images): the second time round it is mirrored. */
export function wantedOf({ indices, scales }: ImageDrawing, draw: number, key: RandomKey): WantedImage {
  return {
    index: indices[draw % indices.length]!,
    flip: Math.floor(draw / indices.length) % 2 === 1,
    scale: scales[integer(deriveKey(key, draw, 'scale'), scales.length)]!,
  };
}

/** An image at one of its scales. */
interface ImageAtScale {
  readonly index: number;
  readonly stored: Size;
  /** What it is brought to, and the frame that it takes by itself. */
  readonly size: Size;
  readonly frame: Size;
}

/** Images at each of some scales, one after the other; decodes nothing. */
export function* imagesAtScales(
  { dataset, split, indices }: Pick<LabelledImages, 'dataset' | 'split' | 'indices'>,
  scales: readonly ScaleRule[],
): Generator<ImageAtScale> {
  const known = annotatedImages(dataset, split);
  for (const index of indices) {
    const stored = known.annotations(index);
    for (const scale of scales) {
      const size = scaledSize(stored, scale);
      yield { index, stored, size, frame: frameFor([size]) };
    }
  }
}
