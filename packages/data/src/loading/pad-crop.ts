import { deriveKey, integer, uniform, type RandomKey } from '@selfsup/kit/random';
import { padCrop } from '../pictures/native/pictures.ts';
import type { Augment, ImageSize } from './augment.ts';

/** What was drawn for one image: where the crop starts in the padded image, and whether it is mirrored. */
export interface Draw {
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
}

/** The keys of one epoch, one per purpose; the sample number is the counter. */
export interface AugmentKeys {
  readonly crop: RandomKey;
  readonly flip: RandomKey;
}

/** Keys for augmenting in one epoch, derived from the loader's key. */
export function augmentKeys(key: RandomKey, epoch: number): AugmentKeys {
  return { crop: deriveKey(key, 'crop', epoch), flip: deriveKey(key, 'flip', epoch) };
}

/** Draws for one sample: a function of (key, epoch, sample, purpose) alone. */
export function drawFor(augment: Augment, keys: AugmentKeys, sample: number): Draw {
  const pad = augment.padCrop ?? 0;
  return {
    top: pad === 0 ? 0 : integer(keys.crop, 2 * pad + 1, 2 * sample),
    left: pad === 0 ? 0 : integer(keys.crop, 2 * pad + 1, 2 * sample + 1),
    flip: augment.flip === true && uniform(keys.flip, sample) < 0.5,
  };
}

/**
 * Pad-crops and mirrors a batch: [batch, height, width, channels] raw pixels from `images` to `target`, which is
 * overwritten. The two must not overlap.
 *
 * @param samples one sample number per image: the dataset index where each image occurs once an epoch
 * @param key the loader's key; draws are a function of (key, epoch, sample, purpose)
 */
export function augmentBatch(
  images: Uint8Array,
  target: Uint8Array,
  size: ImageSize,
  samples: ArrayLike<number>,
  augment: Augment,
  key: RandomKey,
  epoch: number,
): void {
  const pad = augment.padCrop ?? 0;
  const keys = augmentKeys(key, epoch);
  const draws = new Uint8Array(3 * samples.length);
  for (let i = 0; i < samples.length; i++) {
    const { top, left, flip } = drawFor(augment, keys, samples[i]!);
    draws[3 * i] = top;
    draws[3 * i + 1] = left;
    draws[3 * i + 2] = flip ? 1 : 0;
  }
  padCrop(images, size, pad, draws, target);
}
