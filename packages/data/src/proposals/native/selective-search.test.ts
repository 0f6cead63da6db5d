import { describe, expect, it } from 'vitest';
import { randomKey, uniform } from '@selfsup/kit/random';
import type { Picture } from '../../pictures/native/pictures.ts';
import { regionsOf, segment, type Strategies } from './selective-search.ts';

/** A picture of patches of few colours with noise, a function of its seed. */
function patches(height: number, width: number, seed: number): Picture {
  const key = randomKey(seed, 'patches');
  const patch = (x: number, y: number): number => Math.floor(x / 5) + 10 * Math.floor(y / 4);
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 200 * uniform(key, 3 * patch(x, y) + (i % 3)) + 20 * uniform(key, 10_000 + i);
  });
  return { pixels, height, width, channels: 3 };
}

/** A plane of every third value smoothed by a Gaussian out to four sigmas, in float32, borders repeated. */
function smoothed(values: ArrayLike<number>, { height, width }: Picture, channel: number, sigma: number): number[] {
  const plane = Array.from({ length: height * width }, (_, i) => values[3 * i + channel]!);
  const radius = Math.ceil(4 * sigma);
  if (radius === 0) return plane;
  const bell = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp((-0.5 * (i - radius) ** 2) / sigma ** 2));
  const sum = bell.reduce((a, b) => a + b, 0);
  const along = (from: readonly number[], dx: number, dy: number): number[] =>
    from.map((_, i) =>
      bell.reduce((all, weight, place) => {
        const x = Math.min(width - 1, Math.max(0, (i % width) + dx * (place - radius)));
        const y = Math.min(height - 1, Math.max(0, Math.floor(i / width) + dy * (place - radius)));
        return Math.fround(all + Math.fround(Math.fround(weight / sum) * from[y * width + x]!));
      }, 0),
    );
  return along(along(plane, 1, 0), 0, 1);
}

/** The algorithm as its paper has it, component by component, without a forest. */
function segmentedPlainly(picture: Picture, k: number, least: number, sigma: number): number[] {
  const { pixels, height, width } = picture;
  const planes = [0, 1, 2].map((c) => smoothed(pixels, picture, c, sigma));
  const edges: { weight: number; a: number; b: number }[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const [dx, dy] of [
        [1, 0],
        [0, 1],
        [1, 1],
        [1, -1],
      ] as const) {
        if (x + dx >= width || y + dy < 0 || y + dy >= height) continue;
        const [a, b] = [y * width + x, (y + dy) * width + x + dx];
        const differences = planes.map((plane) => Math.fround(plane[a]! - plane[b]!));
        const sum = differences.reduce((all, one) => Math.fround(all + Math.fround(one * one)), 0);
        edges.push({ weight: Math.fround(Math.sqrt(sum)), a, b });
      }
    }
  }
  edges.sort((one, other) => one.weight - other.weight);
  const label = Array.from({ length: height * width }, (_, i) => i);
  const internal = new Map(label.map((i) => [i, { size: 1, limit: k }]));
  const join = (from: number, to: number, limit: number): void => {
    const size = internal.get(from)!.size + internal.get(to)!.size;
    label.forEach((one, i) => one === from && (label[i] = to));
    internal.set(to, { size, limit: Math.fround(limit + Math.fround(k / size)) });
  };
  for (const { weight, a, b } of edges) {
    const [from, to] = [label[a]!, label[b]!];
    if (from === to || weight > internal.get(from)!.limit || weight > internal.get(to)!.limit) continue;
    join(from, to, weight);
  }
  for (const { a, b } of edges) {
    const [from, to] = [label[a]!, label[b]!];
    if (from !== to && Math.min(internal.get(from)!.size, internal.get(to)!.size) < least) join(from, to, 0);
  }
  const numbers = new Map<number, number>();
  return label.map((one) => {
    if (!numbers.has(one)) numbers.set(one, numbers.size);
    return numbers.get(one)!;
  });
}

describe('segment', () => {
  it.each([
    [1, 30, 1, 0],
    [2, 100, 6, 0],
    [3, 400, 20, 0],
    [4, 50, 5, 0.8],
  ])('joins pixels as the paper says (picture %i, k %i, at least %i pixels, sigma %d)', (seed, k, least, sigma) => {
    const picture = patches(16, 25, seed);
    const segments = [...segment(picture, { sigma, k, least })];
    expect(segments).toEqual(segmentedPlainly(picture, k, least, sigma));
    expect(new Set(segments).size).toBeGreaterThan(1);
  });

  it('joins a spot to what is around it where it is smaller than segments may be', () => {
    const pixels = new Uint8Array(9 * 9 * 3).fill(100);
    pixels.fill(255, 3 * 40, 3 * 41);
    const parts = (least: number): number =>
      new Set(segment({ pixels, height: 9, width: 9, channels: 3 }, { sigma: 0, k: 20, least })).size;
    expect([parts(1), parts(2)]).toEqual([2, 1]);
  });
});

const strategies: Strategies = {
  colours: ['hsv', 'lab'],
  k: [50, 100],
  similarities: ['colour-texture-size-fill', 'texture-size-fill'],
  sigma: 0.8,
};

/** Rows of [left, top, right, bottom, place]. */
function rows(regions: Float32Array): number[][] {
  return Array.from({ length: regions.length / 5 }, (_, i) => [...regions.subarray(5 * i, 5 * i + 5)]);
}

describe('regionsOf', () => {
  const one: Strategies = { ...strategies, colours: ['lab'], k: [50], similarities: ['texture-size-fill'] };
  const picture = patches(60, 80, 4);

  it('has all regions that join two by two to the whole: of n segments 2 n - 1', () => {
    const found = rows(regionsOf(picture, one));
    const count = found.length;
    expect(count % 2).toBe(1);
    expect(count).toBeGreaterThan(5);
    expect(found.map(([, , , , place]) => place)).toEqual(Array.from({ length: count }, (_, i) => count - i));
    expect(found.at(-1)).toEqual([0, 0, 80, 60, 1]);
    for (const [left, top, right, bottom] of found) {
      expect(left! >= 0 && top! >= 0 && left! < right! && top! < bottom! && right! <= 80 && bottom! <= 60).toBe(true);
    }
  });

  it('joins what is alike first: two greens on blue before green and blue', () => {
    const pixels = new Uint8Array(40 * 60 * 3);
    for (let i = 0; i < 40 * 60; i++) {
      const [x, y] = [i % 60, Math.floor(i / 60)];
      const isLeaf = y >= 10 && y < 30 && x >= 10 && x < 50;
      pixels.set(isLeaf ? (x < 30 ? [30, 140, 30] : [60, 200, 60]) : [20, 30, 200], 3 * i);
    }
    const found = rows(
      regionsOf(
        { pixels, height: 40, width: 60, channels: 3 },
        { ...one, similarities: ['colour-texture-size-fill'], sigma: 0 },
      ),
    );
    expect(found).toEqual([
      [0, 0, 60, 40, 5],
      [10, 10, 30, 30, 4],
      [30, 10, 50, 30, 3],
      [10, 10, 50, 30, 2],
      [0, 0, 60, 40, 1],
    ]);
  });

  it('of several strategies has those of each, one after another, the same each time', () => {
    const all = regionsOf(picture, strategies);
    const apart = strategies.colours.flatMap((colour) =>
      strategies.k.flatMap((k) =>
        strategies.similarities.flatMap((similarity) => [
          ...regionsOf(picture, { ...strategies, colours: [colour], k: [k], similarities: [similarity] }),
        ]),
      ),
    );
    expect([...all]).toEqual(apart);
    expect(regionsOf(picture, strategies)).toEqual(all);
  });
});
