import type { Dataset } from '@selfsup/data/dataset';
import { deriveKey, integer, type RandomKey } from '@selfsup/kit/random';
import type { TrueObjects } from './region-sampling.ts';
import type { ScaleRule, WantedImage } from './scaled-images.ts';

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
  readonly onSize: (size: { readonly height: number; readonly width: number }) => void;
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
