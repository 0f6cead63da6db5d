import { describe, expect, it, test } from 'vitest';
import { deriveKey, epochDraws, integer, normal, permutation, philox, randomKey, uniform } from './random.ts';

describe('philox4x32-10', () => {
  // Known-answer vectors published with Random123 (tests/kat_vectors).
  it.each([
    { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    {
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ])('gives the published words for counter $counter', ({ counter, key, words }) => {
    expect(philox(counter as [number, number, number, number], key as [number, number])).toEqual(words);
  });

  it('agrees with 64-bit arithmetic', () => {
    const mask = 0xffffffffn;
    const reference = (counter: number[], key: number[]): number[] => {
      let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
      let [k0, k1] = key.map(BigInt) as [bigint, bigint];
      for (let round = 0; round < 10; round++) {
        const p0 = 0xd2511f53n * c0;
        const p1 = 0xcd9e8d57n * c2;
        [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
        k0 = (k0 + 0x9e3779b9n) & mask;
        k1 = (k1 + 0xbb67ae85n) & mask;
      }
      return [c0, c1, c2, c3].map(Number);
    };
    for (let i = 0; i < 200; i++) {
      const words = philox([i, i * 7919, 0x80000000 + i, 0xffff0000 ^ i].map((w) => w >>> 0) as never, [i, ~i >>> 0]);
      expect(words).toEqual(reference([i, i * 7919, 0x80000000 + i, (0xffff0000 ^ i) >>> 0], [i, ~i >>> 0]));
    }
  });
});

describe('keys', () => {
  it('differ with seed and path and repeat', () => {
    const keys = [
      randomKey(1),
      randomKey(2),
      randomKey(-1),
      randomKey(2 ** 32 + 1),
      randomKey(1, 'crop'),
      randomKey(1, 'flip'),
      randomKey(1, 'crop', 0),
      randomKey(1, 'crop', 1),
      randomKey(1, 'crop', '1'),
      randomKey(1, 'ab'),
      randomKey(1, 'a', 'b'),
      randomKey(1, ''),
    ].map(String);
    expect(new Set(keys).size).toBe(keys.length);
    expect(randomKey(7, 'crop', 3, 12)).toEqual(deriveKey(randomKey(7, 'crop'), 3, 12));
  });

  it('refuse what is not a whole number', () => {
    expect(() => randomKey(0.5)).toThrow(RangeError);
    expect(() => randomKey(1, Number.NaN)).toThrow(RangeError);
  });
});

describe('draws', () => {
  const key = randomKey(3, 'test');
  const n = 20_000;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('are uniform in [0, 1)', () => {
    const values = Array.from({ length: n }, (_, i) => uniform(key, i));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(mean(values)).toBeCloseTo(0.5, 2);
    expect(mean(values.map((v) => (v - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
  });

  it('are normal with mean 0 and variance 1', () => {
    const values = Array.from({ length: n }, (_, i) => normal(key, i));
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(Math.abs(mean(values.map((v) => v * v)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(values.map((v) => v ** 4)) - 3)).toBeLessThan(0.3);
  });

  it('are integers that fill their range evenly', () => {
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < n; i++) counts[integer(key, 7, i)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - n / 7) ** 2 / (n / 7), 0);
    expect(chiSquare).toBeLessThan(22.5); // 0.1 % point for 6 degrees of freedom
    expect(integer(key, 1)).toBe(0);
    expect(() => integer(key, 0)).toThrow(RangeError);
  });
});

describe('permutation', () => {
  it('holds every index once, and repeats for its key', () => {
    const order = permutation(randomKey(1), 1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(permutation(randomKey(1), 1000)).toEqual(order);
    expect(permutation(randomKey(2), 1000)).not.toEqual(order);
    expect(permutation(randomKey(1), 0)).toHaveLength(0);
  });

  it('gives all orders of four items equally often', () => {
    const counts = new Map<string, number>();
    const draws = 4800;
    for (let i = 0; i < draws; i++) {
      const order = String([...permutation(randomKey(9, i), 4)]);
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    expect(chiSquare).toBeLessThan(49.7); // 0.1 % point for 23 degrees of freedom
  });
});

const drawing = [1, 2] as const;

test('epochs as long as there are items are one order each', () => {
  for (const epoch of [0, 3])
    expect(epochDraws(drawing, epoch, 7, 7)).toEqual(permutation(deriveKey(drawing, 'order', epoch), 7));
});

test.each([
  [3, 8],
  [8, 3],
  [5, 5],
  [20, 6],
])('over epochs of %i draws of %i items, each pass has every item once', (samples, items) => {
  const all = Array.from({ length: 12 }, (_, epoch) => [...epochDraws(drawing, epoch, samples, items)]);
  const drawn = all.flat().map((draw) => draw % items);
  const passes = Array.from({ length: Math.floor(drawn.length / items) }, (_, pass) =>
    drawn.slice(pass * items, (pass + 1) * items),
  );
  for (const pass of passes)
    expect([...pass].sort((a, b) => a - b)).toEqual(Array.from({ length: items }, (_, i) => i));
  expect(new Set(passes.map(String)).size).toBeGreaterThan(1);
  // Within an epoch no draw comes twice, so that each can have random numbers of its own.
  for (const draws of all) expect(new Set(draws).size).toBe(samples);
});

test('epochs with items of their own begin a pass each', () => {
  for (const epoch of [0, 1, 5]) {
    const draws = [...epochDraws(drawing, epoch, 11, 8, true)];
    expect(draws.slice(0, 8)).toEqual([...permutation(deriveKey(drawing, 'order', epoch), 8)]);
    expect(new Set(draws).size).toBe(11);
  }
});

test('there is nothing to draw in an epoch without samples', () => {
  expect(epochDraws(drawing, 1, 0, 4)).toEqual(new Uint32Array());
});
