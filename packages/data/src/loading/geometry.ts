import { deriveKey, integer, uniform, type RandomKey } from '@selfsup/kit/random';
import type { Area } from '../pictures/native/pictures.ts';
import type { Augment } from './augment.ts';

/** A part of an image to be scaled to the loader's size. */
export interface AreaView {
  readonly area: Area;
  readonly flip: boolean;
}

/** Draws of one sample before the next sample's begin. */
const drawsPerSample = 64;
const attempts = 10;

/** The keys of one epoch, one per purpose; the sample number is the counter. */
export interface GeometryKeys {
  readonly area: RandomKey;
  readonly ratio: RandomKey;
  readonly place: RandomKey;
  readonly flip: RandomKey;
}

/** Keys of the crops of one epoch, derived from the loader's key. */
export function geometryKeys(key: RandomKey, epoch: number): GeometryKeys {
  return {
    area: deriveKey(key, 'area', epoch),
    ratio: deriveKey(key, 'ratio', epoch),
    place: deriveKey(key, 'place', epoch),
    flip: deriveKey(key, 'flip', epoch),
  };
}

function at(left: number, top: number, width: number, height: number): Area {
  return { left, top, right: left + width, bottom: top + height };
}

/**
 * A rectangle of whole pixels whose area is a uniform part of the image's and whose ratio of width to height is
 * log-uniform, anywhere; the largest central one of a fitting ratio where ten draws do not fit (torchvision's
 * RandomResizedCrop).
 */
export function randomResizedArea(
  { area, ratio }: NonNullable<Augment['randomResizedCrop']>,
  width: number,
  height: number,
  keys: GeometryKeys,
  sample: number,
): Area {
  const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const counter = sample * drawsPerSample + attempt;
    const pixels = height * width * (area[0] + (area[1] - area[0]) * uniform(keys.area, counter));
    const aspect = Math.exp(low + (high - low) * uniform(keys.ratio, counter));
    const w = Math.round(Math.sqrt(pixels * aspect));
    const h = Math.round(Math.sqrt(pixels / aspect));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const left = integer(keys.place, width - w + 1, 2 * counter);
    return at(left, integer(keys.place, height - h + 1, 2 * counter + 1), w, h);
  }
  const whole = width / height;
  const w = whole > ratio[1] ? Math.round(height * ratio[1]) : width;
  const h = whole < ratio[0] ? Math.round(width / ratio[0]) : height;
  return at(Math.floor((width - w) / 2), Math.floor((height - h) / 2), w, h);
}

/**
 * A square of `size` times a factor that is uniform between the bounds of `scale`, both at most what the image holds; its edges
 * lie anywhere, also between pixels.
 */
export function scaledArea(
  { size, scale }: NonNullable<Augment['scaledCrop']>,
  width: number,
  height: number,
  keys: GeometryKeys,
  sample: number,
): Area {
  const counter = sample * drawsPerSample;
  const most = Math.min(scale[1], width / size, height / size);
  const least = Math.min(scale[0], most);
  const side = Math.min(size * (least + (most - least) * uniform(keys.area, counter)), width, height);
  const [left, top] = [width, height].map((room, axis) => (room - side) * uniform(keys.place, 2 * counter + axis));
  return at(left!, top!, side, side);
}

/**
 * The areas of an image of `width` × `height` that the crop of `augment` shows, one for each view, in the pixels of
 * the stored image; a crop after `resize` is the area that it shows of the image before. Functions of their arguments
 * alone.
 */
export function areasFor(
  augment: Augment,
  width: number,
  height: number,
  keys: GeometryKeys,
  sample: number,
): readonly AreaView[] {
  const flip = augment.flip === true && uniform(keys.flip, sample) < 0.5;
  if (augment.randomResizedCrop !== undefined) {
    return [{ area: randomResizedArea(augment.randomResizedCrop, width, height, keys, sample), flip }];
  }
  if (augment.scaledCrop !== undefined) {
    return [{ area: scaledArea(augment.scaledCrop, width, height, keys, sample), flip }];
  }
  const size = augment.randomCrop ?? augment.centreCrop ?? augment.tenCrop;
  if (size === undefined) return [{ area: at(0, 0, width, height), flip }];
  // An image that is smaller than the crop is scaled up to it.
  const shorter = Math.min(width, height);
  const target = augment.resize ?? Math.max(size, shorter);
  const scaled = (length: number): number => (length === shorter ? target : Math.floor((target * length) / shorter));
  const [toWidth, toHeight] = [scaled(width), scaled(height)];
  const crop = (left: number, top: number): Area =>
    at((left * width) / toWidth, (top * height) / toHeight, (size * width) / toWidth, (size * height) / toHeight);
  const middle = crop(Math.round((toWidth - size) / 2), Math.round((toHeight - size) / 2));
  if (augment.centreCrop !== undefined) return [{ area: middle, flip }];
  const [right, bottom] = [toWidth - size, toHeight - size];
  if (augment.randomCrop !== undefined) {
    const counter = 2 * sample * drawsPerSample;
    const along = (room: number, whole: number, draw: number): number => {
      const side = Math.min(augment.within ?? whole, whole);
      const start = Math.round((whole - side) / 2);
      return start + integer(keys.place, room - (whole - side) + 1, draw);
    };
    const area = crop(along(right, toWidth, counter), along(bottom, toHeight, counter + 1));
    return [{ area, flip }];
  }
  const five = [crop(0, 0), crop(right, 0), crop(0, bottom), crop(right, bottom), middle];
  return [false, true].flatMap((mirrored) => five.map((area) => ({ area, flip: mirrored })));
}
