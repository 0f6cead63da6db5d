import { describe, expect, it } from 'vitest';
import type { UserError } from '@selfsup/kit/errors';
import type { Dataset } from '../dataset.ts';
import { chosenImages, evenlySpaced, selectSubset, subsetSchema, type Subset } from './subset.ts';

const labels = Int32Array.of(2, 0, 0, 1, 2, 2, 1, 0, 1, 0);

describe('selectSubset', () => {
  it('takes all, the first ones, or a list', () => {
    expect([...selectSubset(labels, undefined, 1)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...selectSubset(labels, { first: 3 }, 1)]).toEqual([0, 1, 2]);
    expect([...selectSubset(labels, { list: [7, 2, 7] }, 1)]).toEqual([7, 2, 7]);
  });

  it('takes the first K of each class in file order', () => {
    expect([...selectSubset(labels, { firstPerClass: 2 }, 1)]).toEqual([0, 1, 2, 3, 4, 6]);
  });

  it('draws by the seed: distinct, ascending, each as likely as any other', () => {
    const many = new Int32Array(100);
    const hits = new Float64Array(100);
    for (let seed = 0; seed < 2000; seed++) {
      const drawn = selectSubset(many, { count: 25 }, seed);
      expect(new Set(drawn).size).toBe(25);
      for (let i = 1; i < 25; i++) expect(drawn[i]!).toBeGreaterThan(drawn[i - 1]!);
      for (const index of drawn) hits[index]!++;
    }
    // Binomial(2000, 1/4): mean 500, standard deviation 19.4; 100 of them stay within 5 of it.
    for (const count of hits) expect(Math.abs(count - 500)).toBeLessThan(97);
  });

  it('is the same for the same seed, another for another, and grows by inclusion', () => {
    const many = new Int32Array(1000);
    const small = selectSubset(many, { count: 100 }, 5);
    expect(selectSubset(many, { fraction: 0.1 }, 5)).toEqual(small);
    expect(selectSubset(many, { count: 100 }, 6)).not.toEqual(small);
    const large = new Set(selectSubset(many, { fraction: 0.5 }, 5));
    expect([...small].every((index) => large.has(index))).toBe(true);
  });

  it('refuses more than there is, naming the field', () => {
    expect(() => selectSubset(labels, { count: 11 }, 1)).toThrow(/11 images of a split of 10/);
    expect(() => selectSubset(labels, { first: 11 }, 1)).toThrow(/split of 10/);
    expect(() => selectSubset(labels, { firstPerClass: 4 }, 1)).toThrow(/class 2 has only 3/);
    expect(() => selectSubset(labels, { list: [10] }, 1)).toThrow(/Image 10/);
    expect(() => selectSubset(Int32Array.of(-1, -1), { firstPerClass: 1 }, 1)).toThrow(/no labels/);
    const fieldOf = (subset: Subset, of = labels) => {
      try {
        return selectSubset(of, subset, 1, 'train.subset');
      } catch (error) {
        return (error as UserError).field;
      }
    };
    expect(fieldOf({ count: 11 })).toBe('train.subset.count');
    expect(fieldOf({ firstPerClass: 4 })).toBe('train.subset.firstPerClass');
    expect(fieldOf({ fraction: 0.5 }, new Int32Array(0))).toBe('train.subset.fraction');
  });

  it('has a strict schema', () => {
    expect(subsetSchema.safeParse({ count: 10 }).success).toBe(true);
    expect(subsetSchema.safeParse({ count: 10, first: 3 }).success).toBe(false);
    expect(subsetSchema.safeParse({ fraction: 0 }).success).toBe(false);
  });
});

describe('chosenImages', () => {
  const manifest = { name: 'few', splits: { train: { count: 10 }, val: { count: 0 } } };
  const dataset = { manifest, labels: () => labels } as unknown as Dataset;

  it('takes what a part of a config names', () => {
    expect([...chosenImages(dataset, { split: 'train', subset: { first: 2 } }, 1, 'data')]).toEqual([0, 1]);
  });

  it.each(['val', 'test'])('refuses the split %s, which holds nothing, by its field', (split) => {
    expect(() => chosenImages(dataset, { split }, 1, 'test')).toThrow(
      expect.objectContaining({ field: 'test.split', remedy: 'Use one of: train.' }),
    );
  });
});

describe('evenlySpaced', () => {
  it('takes images spread over all of them', () => {
    expect([...evenlySpaced(Uint32Array.of(5, 6, 7), 3)]).toEqual([5, 6, 7]);
    expect([...evenlySpaced(Uint32Array.of(5, 6, 7), 9)]).toEqual([5, 6, 7]);
    expect([
      ...evenlySpaced(
        Uint32Array.from({ length: 10 }, (_, i) => i),
        4,
      ),
    ]).toEqual([0, 2, 5, 7]);
  });
});
