import { describe, expect, it } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import { noiseByte } from '../testing/archives.ts';
import { augmentBatch, augmentKeys, drawFor } from './pad-crop.ts';

const key = randomKey(3, 'test');

/** The same by the book: build the padded image, cut the window out of it, then mirror it. */
function naive(
  image: Uint8Array,
  h: number,
  w: number,
  c: number,
  pad: number,
  top: number,
  left: number,
  flip: boolean,
) {
  const at = (y: number, x: number, channel: number): number => {
    const [sy, sx] = [y - pad, x - pad];
    return sy < 0 || sx < 0 || sy >= h || sx >= w ? 0 : image[(sy * w + sx) * c + channel]!;
  };
  const result: number[] = [];
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      for (let channel = 0; channel < c; channel++) result.push(at(top + y, left + (flip ? w - 1 - x : x), channel));
    }
  }
  return result;
}

describe('augmentBatch', () => {
  it.each([
    [8, 8, 3, 4],
    [5, 7, 1, 2],
    [4, 6, 2, 9],
  ])('crops and mirrors %i × %i × %i padded by %i to the pixel', (height, width, channels, padCrop) => {
    const count = 200;
    const bytes = height * width * channels;
    const images = Uint8Array.from({ length: count * bytes }, (_, i) => noiseByte(i) | 1);
    const samples = Array.from({ length: count }, (_, i) => i * 3);
    const augment = { padCrop, flip: true };
    const result = new Uint8Array(images.length).fill(77);
    augmentBatch(images, result, { height, width, channels }, samples, augment, key, 2);
    const keys = augmentKeys(key, 2);
    for (let i = 0; i < count; i++) {
      const { top, left, flip } = drawFor(augment, keys, samples[i]!);
      const image = images.subarray(i * bytes, (i + 1) * bytes);
      const expected = naive(image, height, width, channels, padCrop, top, left, flip);
      expect([...result.subarray(i * bytes, (i + 1) * bytes)]).toEqual(expected);
    }
  });

  it('draws each offset and side equally often, anew in each epoch', () => {
    const tops = new Float64Array(9);
    const lefts = new Float64Array(9);
    let flips = 0;
    const keys = augmentKeys(key, 0);
    for (let sample = 0; sample < 9000; sample++) {
      const { top, left, flip } = drawFor({ padCrop: 4, flip: true }, keys, sample);
      tops[top]!++;
      lefts[left]!++;
      if (flip) flips++;
    }
    // Standard deviations 29.8 and 47.4; five of them.
    for (const count of [...tops, ...lefts]) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(Math.abs(flips - 4500)).toBeLessThan(237);
    const later = augmentKeys(key, 1);
    const draws = (which: typeof keys) => Array.from({ length: 50 }, (_, i) => drawFor({ padCrop: 4 }, which, i));
    expect(draws(later)).not.toEqual(draws(keys));
  });
});
