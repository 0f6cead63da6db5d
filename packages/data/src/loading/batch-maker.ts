import type { RandomKey } from '@selfsup/kit/random';
import type { Dataset } from '../dataset.ts';
import { changeColours, colourChanges } from '../pictures/colour-changes.ts';
import { jpegView, resize } from '../pictures/native/pictures.ts';
import { outputSize, viewsPerImage, type Augment, type ImageSize } from './augment.ts';
import { areasFor, geometryKeys } from './geometry.ts';
import { augmentBatch } from './pad-crop.ts';

/**
 * One batch as the training step takes it. `images` lies in memory that loaders use again: it is valid until the next batch
 * is asked for or the loader is closed, and another's from then on.
 */
export interface Batch {
  /** [batch * views, height, width, channels], 0..255; the views of an image stand one after another. */
  readonly images: Uint8Array;
  readonly shape: readonly [number, number, number, number];
  /** Views of each image: 10 for a ten-crop, else 1. */
  readonly views: number;
  /** [batch] class indices, -1 for none. */
  readonly labels: Int32Array;
  /** [batch] indices into the split. */
  readonly indices: Uint32Array;
  /** Place of its first sample among those of the epoch. */
  readonly first: number;
}

/** What a worker needs to make the images of one batch. */
export interface BatchRequest {
  readonly epoch: number;
  /** Indices into the split, [batch]. */
  readonly indices: Uint32Array;
  /** Sample numbers that augmentation draws are keyed by, [batch]. */
  readonly samples: Float64Array;
}

/** Whether the views can be cut from raw records without resampling. */
function isWhole(augment: Augment): boolean {
  const crop = augment.randomResizedCrop ?? augment.scaledCrop ?? augment.randomCrop;
  return (crop ?? augment.centreCrop ?? augment.tenCrop) === undefined;
}

/** Where images come from and how they are changed. */
export interface BatchSource {
  readonly dataset: Dataset;
  readonly split: string;
  readonly augment: Augment;
  /** Of the draws of augmentation. */
  readonly key: RandomKey;
}

/** Reads and augments the images of one batch into `target`; a function of its arguments and the dataset alone. */
export function makeBatch(source: BatchSource, request: BatchRequest, target: Uint8Array): void {
  const { dataset, augment, key } = source;
  const stored = dataset.manifest.image;
  const size = outputSize(stored, augment);
  if (stored.encoding === 'raw' && isWhole(augment)) readWhole(source, request, target, stored);
  else readViews(source, request, target, size);
  if (augment.colourJitter === undefined && augment.grey === undefined) return;
  const pixels = size.height * size.width;
  const views = viewsPerImage(augment);
  request.samples.forEach((sample, i) => {
    const changes = colourChanges(augment, key, request.epoch, sample);
    changeColours(target, i * views * pixels * size.channels, views * pixels, changes);
  });
}

function readWhole(source: BatchSource, request: BatchRequest, target: Uint8Array, size: ImageSize): void {
  const { dataset, split, augment, key } = source;
  const { epoch, indices, samples } = request;
  const bytes = size.height * size.width * size.channels;
  const changes = (augment.padCrop ?? 0) > 0 || augment.flip === true;
  const raw = changes ? new Uint8Array(indices.length * bytes) : target;
  for (let i = 0; i < indices.length; i++) dataset.readInto(split, indices[i]!, raw, i * bytes);
  if (changes) augmentBatch(raw, target, size, samples, augment, key, epoch);
}

function readViews(source: BatchSource, request: BatchRequest, target: Uint8Array, size: ImageSize): void {
  const { dataset, split, augment, key } = source;
  const { epoch, indices, samples } = request;
  const keys = geometryKeys(key, epoch);
  const bytes = size.height * size.width * size.channels;
  const channels = size.channels === 1 ? 1 : 3;
  const views = viewsPerImage(augment);
  const isJpeg = dataset.manifest.image.encoding === 'jpeg';
  indices.forEach((index, i) => {
    const offsetOf = (view: number): number => (i * views + view) * bytes;
    const common = { height: size.height, width: size.width, filter: 'bilinear' as const, target };
    if (isJpeg && views === 1) {
      dataset.withJpeg(split, index, ({ jpeg, width, height }) => {
        const [view] = areasFor(augment, width, height, keys, samples[i]!);
        jpegView(jpeg, channels, view!.area, { ...common, flip: view!.flip, offset: offsetOf(0) });
      });
      return;
    }
    const picture = dataset.picture(split, index); // decoded once for all its views
    areasFor(augment, picture.width, picture.height, keys, samples[i]!).forEach(({ area, flip }, view) => {
      resize(picture, area, { ...common, flip, offset: offsetOf(view) });
    });
  });
}
