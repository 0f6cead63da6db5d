import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hammingDistance, setDistances } from '../../testing/permutation-distances.ts';
import { ALL_PERMUTATIONS, faultOf, greedyPermutations, permutationAt } from './permutations.ts';

const reference = JSON.parse(readFileSync(new URL('permutations.reference.json', import.meta.url), 'utf8'));

describe('permutations', () => {
  test('stand in lexicographic order', () => {
    expect(permutationAt(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(permutationAt(1)).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 7]);
    expect(permutationAt(40_320)).toEqual([1, 0, 2, 3, 4, 5, 6, 7, 8]);
    expect(permutationAt(ALL_PERMUTATIONS - 1)).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  test('differ in so many slots', () => {
    expect(hammingDistance([0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 2, 3, 4, 5, 6, 8, 7])).toBe(2);
    expect(setDistances([permutationAt(0), permutationAt(1), permutationAt(ALL_PERMUTATIONS - 1)])).toEqual({
      least: 2,
      mean: (2 + 8 + 8) / 3, // turned round, the middle stays where it is
    });
    expect(setDistances([permutationAt(5)])).toEqual({ least: 0, mean: 0 });
  });

  test.each(['max-average', 'mean', 'max-min'] as const)('sets by %s are those of NumPy', (rule) => {
    expect(greedyPermutations(40, rule, reference.first)).toEqual(reference.sets[rule]);
  });

  // Recipes §3.4: the published sets of 100 and 1,000; the yardstick's of 64.
  test.each([
    [64, 8.125, 1e-9, 0],
    [64, 8.125, 1e-9, 305_711],
    [100, 8.08, 1e-9, 0],
    [100, 8.08, 1e-9, 305_711],
    [1000, 8.005, 0.005, 305_711],
  ])('%i by the greatest mean reach the published mean of %d (± %d) from start %i', (count, mean, within, first) => {
    const set = greedyPermutations(count, 'max-average', first);
    expect(faultOf(set)).toBeUndefined();
    expect(set).toHaveLength(count);
    const found = setDistances(set);
    expect(Math.abs(found.mean - mean)).toBeLessThanOrEqual(within);
    expect(found.least).toBe(2);
  });

  test('by max-min keep farther apart, by mean nearer to 8', () => {
    const apart = greedyPermutations(64, 'max-min', 7);
    expect(faultOf(apart)).toBeUndefined();
    expect(setDistances(apart).least).toBeGreaterThanOrEqual(6);
    const middle = greedyPermutations(200, 'mean', 7);
    expect(faultOf(middle)).toBeUndefined();
    expect(setDistances(middle).mean).toBeCloseTo(8, 1);
  });

  test('a smaller set is the beginning of a larger one', () => {
    expect(greedyPermutations(30, 'max-average', 99).slice(0, 10)).toEqual(greedyPermutations(10, 'max-average', 99));
  });

  test('there are no sets of none or of more than there are orders', () => {
    for (const count of [0, -1, 1.5, ALL_PERMUTATIONS + 1]) {
      expect(() => greedyPermutations(count, 'max-average', 0)).toThrow(RangeError);
    }
    expect(() => greedyPermutations(1, 'max-average', ALL_PERMUTATIONS)).toThrow(RangeError);
  });

  test('faults are named by their row', () => {
    expect(faultOf([permutationAt(3), [0, 1, 2, 3, 4, 5, 6, 7, 7]])).toMatch(/^Row 2 .* is no permutation/);
    expect(faultOf([permutationAt(3), [0, 1, 2]])).toMatch(/^Row 2 .* is no permutation/);
    expect(faultOf([permutationAt(3), permutationAt(4), permutationAt(3)])).toMatch(/^Row 3 .* the same as row 1/);
    const written = [9, 4, 6, 8, 3, 2, 5, 1, 1];
    const fault = faultOf([written.map((symbol) => symbol - 1)], [written]);
    expect(fault).toBe('Row 1 (9, 4, 6, 8, 3, 2, 5, 1, 1) is no permutation of nine tiles');
  });
});
