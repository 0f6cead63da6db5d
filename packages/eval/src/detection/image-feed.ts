import { deriveKey, type RandomKey } from '@selfsup/kit/random';
import type { Feed } from '@selfsup/trainer/trainee';
import { drawFeed } from '../tuning/draw-feed.ts';
import type { TrueObjects } from './region-sampling.ts';
import { frameArea, mirrored, scaledBoxes, scaledImages, type ScaledImages } from './scaled-images.ts';
import { objectsOf, wantedOf, type ImageDrawing } from './training-images.ts';

/** One image in a frame of its own, with its objects. */
export interface TrainingImage {
  readonly images: ScaledImages;
  /** In the pixels of the frame. */
  readonly truth: TrueObjects;
  /** What is drawn of its anchors and regions is a function of it. */
  readonly key: RandomKey;
}

/** Batches of whole images, each for itself; all a function of the key and the position. */
export function imageFeed(feed: ImageDrawing): Feed<readonly TrainingImage[]> {
  const { dataset, split, indices, samplesPerEpoch, batchSize, key, onSize } = feed;
  return drawFeed({ items: 2 * indices.length, samplesPerEpoch, batchSize }, key, (draws, epoch) =>
    Array.from(draws, (draw): TrainingImage => {
      const own = deriveKey(key, 'regions', epoch);
      const wanted = wantedOf(feed, draw, own);
      const images = scaledImages(dataset, split, [wanted]);
      onSize(images);
      const { boxes, labels } = objectsOf(feed, wanted.index);
      const scaled = scaledBoxes(boxes, images.scales[0]!);
      const truth = { boxes: wanted.flip ? mirrored(scaled, frameArea(images).width) : scaled, labels };
      return { images, truth, key: deriveKey(own, draw) };
    }),
  );
}
