import { expect, test } from 'vitest';
import { deriveKey, permutation } from '@selfsup/kit/random';
import { epochDraws } from './epoch-draws.ts';

const key = [1, 2] as const;

test('epochs as long as there are items are one order each', () => {
  for (const epoch of [0, 3])
    expect(epochDraws(key, epoch, 7, 7)).toEqual(permutation(deriveKey(key, 'order', epoch), 7));
});

test.each([
  [3, 8],
  [8, 3],
  [5, 5],
  [20, 6],
])('over epochs of %i draws of %i items, each pass has every item once', (samples, items) => {
  const all = Array.from({ length: 12 }, (_, epoch) => [...epochDraws(key, epoch, samples, items)]);
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

test('there is nothing to draw in an epoch without samples', () => {
  expect(epochDraws(key, 1, 0, 4)).toEqual(new Uint32Array());
});
