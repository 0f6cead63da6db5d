import { describe, expect, it } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import type { Area } from '../pictures/native/pictures.ts';
import { areasFor, geometryKeys, randomResizedArea, scaledArea } from './geometry.ts';

const keys = geometryKeys(randomKey(5, 'test'), 0);
const crop = { size: 224, area: [0.08, 1] as [number, number], ratio: [3 / 4, 4 / 3] as [number, number] };
const size = ({ left, top, right, bottom }: Area) => ({ width: right - left, height: bottom - top });

/** Largest distance between the empirical distribution of `values` and `law`. */
function kolmogorov(values: readonly number[], law: (value: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.reduce(
    (largest, value, i) =>
      Math.max(largest, Math.abs(law(value) - i / sorted.length), Math.abs(law(value) - (i + 1) / sorted.length)),
    0,
  );
}

describe('randomResizedArea', () => {
  it('draws area uniformly and the logarithm of the ratio uniformly where all draws fit', () => {
    // Parts up to 0.5 at ratios up to 4/3 fit into a square; large, so that rounding does not show.
    const wide = { ...crop, area: [0.08, 0.5] as [number, number] };
    const areas: number[] = [];
    const ratios: number[] = [];
    for (let sample = 0; sample < 4000; sample++) {
      const { width, height } = size(randomResizedArea(wide, 4000, 4000, keys, sample));
      areas.push((width * height) / 4000 ** 2);
      ratios.push(Math.log(width / height) / Math.log(4 / 3));
    }
    const bound = 1.63 / Math.sqrt(4000); // one in a hundred
    expect(kolmogorov(areas, (value) => Math.min(1, Math.max(0, (value - 0.08) / 0.42)))).toBeLessThan(bound);
    expect(kolmogorov(ratios, (value) => Math.min(1, Math.max(0, (value + 1) / 2)))).toBeLessThan(bound);
  });

  it('lies inside, and every place is as likely', () => {
    const lefts: number[] = [];
    for (let sample = 0; sample < 3000; sample++) {
      const area = randomResizedArea(crop, 500, 375, keys, sample);
      expect(area.left >= 0 && area.top >= 0 && area.right <= 500 && area.bottom <= 375).toBe(true);
      expect([area.left, area.top, area.right, area.bottom].every(Number.isInteger)).toBe(true);
      const { width } = size(area);
      if (width < 400) lefts.push(area.left / (500 - width));
    }
    expect(kolmogorov(lefts, (value) => value)).toBeLessThan(1.63 / Math.sqrt(lefts.length) + 0.01);
  });

  it('takes the centre where nothing fits', () => {
    const whole = { ...crop, area: [1, 1] as [number, number] };
    expect(randomResizedArea(whole, 400, 100, keys, 0)).toEqual({ left: 133, top: 0, right: 266, bottom: 100 });
    expect(randomResizedArea(whole, 90, 400, keys, 1)).toEqual({ left: 0, top: 140, right: 90, bottom: 260 });
  });
});

describe('scaledArea', () => {
  const law = { size: 227, scale: [0.5, 2] as [number, number] };

  it('is as published on 375 × 500: squares of 113.5 to 375 pixels, 35 % of the area on average', () => {
    const areas = Array.from({ length: 4000 }, (_, sample) => scaledArea(law, 500, 375, keys, sample));
    const sides = areas.map((area) => size(area).width);
    expect(Math.min(...sides)).toBeGreaterThanOrEqual(113.5);
    expect(Math.max(...sides)).toBeLessThanOrEqual(375);
    for (const area of areas) expect(size(area).height).toBeCloseTo(size(area).width, 9);
    const uniformly = (value: number) => (value - 113.5) / (375 - 113.5);
    expect(kolmogorov(sides, uniformly)).toBeLessThan(1.63 / Math.sqrt(4000));
    const share = areas.reduce((sum, area) => sum + size(area).width ** 2, 0) / 4000 / (500 * 375);
    expect(share).toBeCloseTo(0.345, 1);
    for (const { left, right, top, bottom } of areas)
      expect(left >= 0 && top >= 0 && right <= 500 && bottom <= 375 + 1e-9).toBe(true);
    const places = areas.map((area) => area.left / (500 - size(area).width));
    expect(kolmogorov(places, (value) => value)).toBeLessThan(1.63 / Math.sqrt(4000));
  });

  it('takes no more than a small image has, and no more than twice the size of a large one', () => {
    const small = size(scaledArea(law, 100, 80, keys, 3));
    expect([small.width, small.height].map((side) => side.toFixed(9))).toEqual(['80.000000000', '80.000000000']);
    const sides = Array.from({ length: 500 }, (_, sample) => size(scaledArea(law, 3000, 3000, keys, sample)).width);
    expect(Math.max(...sides)).toBeLessThanOrEqual(454);
    expect(Math.max(...sides)).toBeGreaterThan(440);
  });
});

describe('areasFor', () => {
  it('takes the centre of the scaled image', () => {
    // 500 × 375 to 341 × 256, of which 224 from 59 (58.5 rounded up), 16.
    const { area } = areasFor({ resize: 256, centreCrop: 224 }, 500, 375, keys, 0)[0]!;
    expect(area.left).toBeCloseTo((59 * 500) / 341, 9);
    expect(area.top).toBeCloseTo((16 * 375) / 256, 9);
    expect(size(area).width).toBeCloseTo((224 * 500) / 341, 9);
    expect(size(area).height).toBeCloseTo((224 * 375) / 256, 9);
  });

  it('gives the four corners, the middle, and all of them mirrored', () => {
    const views = areasFor({ tenCrop: 4 }, 10, 8, keys, 0);
    const corners = views.map(({ area, flip }) => [area.left, area.top, flip]);
    const five = [
      [0, 0],
      [6, 0],
      [0, 4],
      [6, 4],
      [3, 2],
    ];
    expect(corners).toEqual([...five.map((one) => [...one, false]), ...five.map((one) => [...one, true])]);
  });

  it('takes random crops inside the middle square where that is asked for', () => {
    // 500 × 375 to 341 × 256; the middle 256 begin at 43 (42.5 rounded up).
    const draws = Array.from(
      { length: 2000 },
      (_, i) => areasFor({ resize: 256, randomCrop: 224, within: 256 }, 500, 375, keys, i)[0]!.area,
    );
    const lefts = draws.map(({ left }) => Math.round((left * 341) / 500));
    const tops = draws.map(({ top }) => Math.round((top * 256) / 375));
    expect([Math.min(...lefts), Math.max(...lefts)]).toEqual([43, 75]);
    expect([Math.min(...tops), Math.max(...tops)]).toEqual([0, 32]);
  });

  it('scales an image up that is smaller than the crop', () => {
    expect(areasFor({ centreCrop: 20 }, 10, 30, keys, 0)).toEqual([
      { area: { left: 0, top: 10, right: 10, bottom: 20 }, flip: false },
    ]);
  });

  it('mirrors half of them, and draws by epoch and sample alone', () => {
    const augment = { randomCrop: 8, flip: true };
    const draws = (which: typeof keys) => Array.from({ length: 400 }, (_, i) => areasFor(augment, 32, 32, which, i));
    const flips = draws(keys).filter(([view]) => view!.flip).length;
    expect(Math.abs(flips - 200)).toBeLessThan(50); // five standard deviations
    expect(draws(keys)).toEqual(draws(geometryKeys(randomKey(5, 'test'), 0)));
    expect(draws(keys)).not.toEqual(draws(geometryKeys(randomKey(5, 'test'), 1)));
  });
});
