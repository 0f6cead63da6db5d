import { deriveKey, permutation, uniform, type RandomKey } from '@selfsup/kit/random';
import type { Augment } from '../loading/augment.ts';
import { adjust, type Adjustment } from './native/pictures.ts';

/** One change of colour and its amount, as `adjust` takes them. */
export interface ColourChange {
  readonly what: Adjustment;
  readonly amount: number;
}

/** The changes of colour of one sample, in order: a function of (key, epoch, sample) alone. Factors as torchvision's. */
export function colourChanges(
  { colourJitter, grey }: Augment,
  key: RandomKey,
  epoch: number,
  sample: number,
): ColourChange[] {
  const changes: ColourChange[] = [];
  const draws = deriveKey(key, 'colour', epoch, sample);
  if (colourJitter !== undefined && uniform(draws, 0) < colourJitter.probability) {
    const kinds = ['brightness', 'contrast', 'saturation', 'hue'] as const;
    for (const kind of permutation(deriveKey(draws, 'order'), 4)) {
      const what = kinds[kind]!;
      const strength = colourJitter[what];
      if (strength === 0) continue;
      const draw = uniform(draws, 1 + kind);
      const low = what === 'hue' ? -strength : Math.max(0, 1 - strength);
      const high = what === 'hue' ? strength : 1 + strength;
      changes.push({ what, amount: low + (high - low) * draw });
    }
  }
  if (grey !== undefined && uniform(draws, 5) < grey) changes.push({ what: 'grey', amount: 1 });
  return changes;
}

/** Changes the colours of `count` RGB pixels from byte `offset` on, in place. */
export function changeColours(
  pixels: Uint8Array,
  offset: number,
  count: number,
  changes: readonly ColourChange[],
): void {
  for (const { what, amount } of changes) adjust(pixels, offset, count, what, amount);
}
