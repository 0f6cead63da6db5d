import type { Permutation } from '../pretext/jigsaw/permutations.ts';

/** Slots at which two permutations differ. */
export function hammingDistance(a: Permutation, b: Permutation): number {
  let different = 0;
  for (let slot = 0; slot < a.length; slot++) if (a[slot] !== b[slot]) different++;
  return different;
}

/** Least and mean Hamming distance over all pairs of a set; both 0 for a single permutation. */
export function setDistances(set: readonly Permutation[]): { readonly least: number; readonly mean: number } {
  let [least, sum, pairs] = [Infinity, 0, 0];
  for (let i = 0; i < set.length; i++) {
    for (let j = 0; j < i; j++) {
      const distance = hammingDistance(set[i]!, set[j]!);
      least = Math.min(least, distance);
      sum += distance;
      pairs++;
    }
  }
  return pairs === 0 ? { least: 0, mean: 0 } : { least, mean: sum / pairs };
}
