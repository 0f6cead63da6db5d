import { deriveKey, integer, type RandomKey, uniform } from '@selfsup/engine/random';
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
 * Crops one image [height, width, channels] out of its zero-padded self and mirrors it, from `source` to `target`
 * at the given byte offsets. The target must be zero where the crop reaches into the padding.
 */
function cropAndFlip(
  source: Uint8Array,
  sourceAt: number,
  target: Uint8Array,
  targetAt: number,
  size: ImageSize,
  pad: number,
  draw: Draw,
): void {
  const { height, width, channels } = size;
  const down = draw.top - pad; // target row y shows source row y + down
  const right = draw.left - pad;
  const firstColumn = Math.max(0, -right);
  const columns = Math.min(width, width - right) - firstColumn;
  if (columns <= 0) return;
  for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
    const from = sourceAt + ((y + down) * width + firstColumn + right) * channels;
    const row = targetAt + y * width * channels;
    if (!draw.flip) {
      target.set(source.subarray(from, from + columns * channels), row + firstColumn * channels);
    } else if (channels === 3) {
      let to = row + (width - 1 - firstColumn) * 3;
      for (let at = from; at < from + columns * 3; at += 3, to -= 3) {
        target[to] = source[at]!;
        target[to + 1] = source[at + 1]!;
        target[to + 2] = source[at + 2]!;
      }
    } else {
      for (let x = 0; x < columns; x++) {
        const to = row + (width - 1 - firstColumn - x) * channels;
        for (let c = 0; c < channels; c++) target[to + c] = source[from + x * channels + c]!;
      }
    }
  }
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
  const bytes = size.height * size.width * size.channels;
  if (pad > 0) target.fill(0, 0, samples.length * bytes);
  for (let i = 0; i < samples.length; i++) {
    cropAndFlip(images, i * bytes, target, i * bytes, size, pad, drawFor(augment, keys, samples[i]!));
  }
}
