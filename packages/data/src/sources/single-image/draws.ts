import { deriveKey, integer, permutation, randomKey, uniform, type RandomKey } from '@selfsup/kit/random';
import type { ColourChange } from '../../pictures/colour-changes.ts';
import type { Area } from '../../pictures/native/pictures.ts';
import type { Strengths } from './settings.ts';

/** All that is random of one augmented image, as plain numbers. */
export interface Draws {
  /** The part of the picture that is shown, in whole pixels. */
  readonly area: Area;
  /** Degrees. */
  readonly rotation: number;
  readonly shear: number;
  readonly horizontalFlip: boolean;
  readonly verticalFlip: boolean;
  readonly colours: readonly ColourChange[];
  /** Noise is a function of this key; its standard deviation is in units of 0 to 255. */
  readonly noise: { readonly key: RandomKey; readonly deviation: number } | undefined;
}

/** The key of an image: a function of the dataset's seed and the image's number. */
function imageKey(seed: number, index: number): RandomKey {
  return randomKey(seed, 'single-image', index);
}

function square(width: number, height: number): Area {
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return { left, top, right: left + side, bottom: top + side };
}

/**
 * The area that an image shows of a picture: a square anywhere (`initialCrop`), in it a rectangle of uniform area and
 * log-uniform ratio, drawn again until it fits (`scale`). Without `scale`, the whole square; without both, the largest
 * one in the middle.
 */
function areaOf(strengths: Strengths, width: number, height: number, key: RandomKey): Area {
  const { initialCrop, scale } = strengths;
  let outer: Area = { left: 0, top: 0, right: width, bottom: height };
  if (initialCrop !== false) {
    const side = Math.max(1, Math.floor(initialCrop * Math.min(width, height)));
    const place = deriveKey(key, 'initial-crop');
    const left = integer(place, width - side + 1, 0);
    const top = integer(place, height - side + 1, 1);
    outer = { left, top, right: left + side, bottom: top + side };
  } else if (scale === false) {
    return square(width, height);
  }
  if (scale === false) return outer;
  const [w, h] = [outer.right - outer.left, outer.bottom - outer.top];
  const [low, high] = [Math.log(scale.ratio[0]), Math.log(scale.ratio[1])];
  for (let attempt = 0; attempt < 1000; attempt++) {
    const draws = deriveKey(key, 'scale', attempt);
    const pixels = w * h * (scale.area[0] + (scale.area[1] - scale.area[0]) * uniform(draws, 0));
    const ratio = Math.exp(low + (high - low) * uniform(draws, 1));
    const [cw, ch] = [Math.round(Math.sqrt(pixels * ratio)), Math.round(Math.sqrt(pixels / ratio))];
    if (cw < 1 || ch < 1 || cw > w || ch > h) continue;
    const left = outer.left + integer(draws, w - cw + 1, 2);
    const top = outer.top + integer(draws, h - ch + 1, 3);
    return { left, top, right: left + cw, bottom: top + ch };
  }
  return outer; // no rectangle of such area and ratio exists
}

/** Everything drawn for image `index`: a function of its arguments alone, in whatever order images are drawn. */
export function drawsFor(strengths: Strengths, seed: number, index: number, width: number, height: number): Draws {
  const key = imageKey(seed, index);
  const symmetric = (bound: number | false, name: string): number =>
    bound === false ? 0 : bound * (2 * uniform(deriveKey(key, name)) - 1);
  const factor = (strength: number, draw: number): number => {
    const low = Math.max(0, 1 - strength);
    return low + (1 + strength - low) * draw;
  };
  const colours: ColourChange[] = [];
  const { colourJitter, contrast, noise } = strengths;
  const draws = deriveKey(key, 'colour');
  if (colourJitter !== false && uniform(draws, 0) < colourJitter.probability) {
    const kinds = ['brightness', 'contrast', 'saturation', 'hue'] as const;
    for (const kind of permutation(deriveKey(key, 'order'), kinds.length)) {
      const what = kinds[kind]!;
      const draw = uniform(draws, 1 + kind);
      const amount = what === 'hue' ? colourJitter.hue * (2 * draw - 1) : factor(colourJitter[what], draw);
      if (colourJitter[what] > 0) colours.push({ what, amount });
    }
  }
  if (contrast !== false) colours.push({ what: 'contrast', amount: factor(contrast, uniform(draws, 5)) });
  return {
    area: areaOf(strengths, width, height, key),
    rotation: symmetric(strengths.rotation, 'rotation'),
    shear: symmetric(strengths.shear, 'shear'),
    horizontalFlip: strengths.horizontalFlip && uniform(deriveKey(key, 'horizontal-flip')) < 0.5,
    verticalFlip: strengths.verticalFlip && uniform(deriveKey(key, 'vertical-flip')) < 0.5,
    colours,
    noise: noise === false ? undefined : { key: deriveKey(key, 'noise'), deviation: noise },
  };
}
