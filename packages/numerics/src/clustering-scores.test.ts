import { describe, expect, it } from 'vitest';
import { clusteringScores, clusterSizeEntropy, normalisedMutualInformation } from './clustering-scores.ts';

describe('clustering scores', () => {
  it("are those of scikit-learn's own test", () => {
    const a = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3];
    const b = [1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 3, 1, 3, 3, 3, 2, 2];
    const scores = clusteringScores(a, b);
    expect(scores.mi).toBeCloseTo(0.41022, 5);
    expect(scores.nmi.arithmetic).toBeCloseTo(0.37835, 5);
    expect(scores.nmi.geometric).toBeCloseTo(0.37837, 5);
    expect(scores.nmi.max).toBeCloseTo(0.3746, 5);
    expect(scores.nmi.min).toBeCloseTo(0.38217, 5);
    expect(scores.emi).toBeCloseTo(0.15042, 5);
    expect(scores.ami).toBeCloseTo(0.27821, 5);
    expect([scores.purity, scores.hungarianAccuracy]).toEqual([12 / 17, 12 / 17]);
    for (const mean of ['arithmetic', 'geometric', 'max', 'min'] as const) {
      expect(normalisedMutualInformation(a, b, mean)).toBe(scores.nmi[mean]);
    }
  });

  it('are those of scikit-learn 1.9.1 and SciPy where labels are many and nearly independent', () => {
    const a = Array.from({ length: 200 }, (_, i) => Math.floor((i * i) / 7) % 5);
    const b = Array.from({ length: 200 }, (_, i) => (Math.floor((i * 3) / 11) + (i % 13 === 0 ? 1 : 0)) % 7);
    const scores = clusteringScores(a, b);
    expect(scores.mi).toBeCloseTo(0.0417135374171788, 12);
    expect(scores.emi).toBeCloseTo(0.0635467457938402, 10);
    expect(scores.ami).toBeCloseTo(-0.012915101498860961, 10);
    expect(scores.nmi.arithmetic).toBeCloseTo(0.023781073857622757, 12);
    expect(scores.nmi.geometric).toBeCloseTo(0.023906722679409135, 12);
    expect(scores.nmi.max).toBeCloseTo(0.021572263127160207, 12);
    expect(scores.nmi.min).toBeCloseTo(0.02649380762237216, 12);
  });

  it('give 1 for the same partition by other names', () => {
    const scores = clusteringScores(Int32Array.of(5, 5, 0, 9, 9, 9), Int32Array.of(1, 1, 7, 2, 2, 2));
    expect(scores.ami).toBe(1);
    expect([scores.purity, scores.hungarianAccuracy]).toEqual([1, 1]);
    for (const nmi of Object.values(scores.nmi)) expect(nmi).toBeCloseTo(1, 12);
  });

  it('have values at the borders: one class, one item each', () => {
    expect(clusteringScores([4, 4, 4], [1, 1, 1])).toMatchObject({ mi: 0, ami: 1, nmi: { min: 1, arithmetic: 1 } });
    expect(clusteringScores([4, 4, 4], [1, 2, 3])).toMatchObject({ mi: 0, nmi: { min: 0, max: 0, geometric: 0 } });
    expect(clusteringScores([4, 4, 4], [1, 2, 3]).ami).toBeCloseTo(0, 12);
    expect(clusteringScores([1, 2, 3], [3, 1, 2]).ami).toBe(1);
  });

  it('match clusters with classes one to one, whichever are more', () => {
    // Three clusters of class 0 and one of class 1: only one of the three may be class 0.
    const clusters = [0, 0, 0, 1, 1, 2, 3, 3];
    const classes = [0, 0, 0, 0, 0, 0, 1, 1];
    expect(clusteringScores(clusters, classes)).toMatchObject({ purity: 1, hungarianAccuracy: 5 / 8 });
    expect(clusteringScores(classes, clusters)).toMatchObject({ purity: 5 / 8, hungarianAccuracy: 5 / 8 });
  });

  it('find a match that taking the greatest first would miss', () => {
    // Counts [[3, 2], [2, 0]]: the greatest cell leads to 3, the best map to 4.
    expect(clusteringScores([0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 0, 0]).hungarianAccuracy).toBe(4 / 7);
  });

  it('refuse labels that do not belong together', () => {
    expect(() => clusteringScores([1, 2], [1])).toThrow(RangeError);
    expect(() => clusteringScores([1, 0.5], [1, 1])).toThrow(RangeError);
    expect(() => clusteringScores([], [])).toThrow(expect.objectContaining({ name: 'UserError', field: 'labels' }));
  });
});

it('the entropy of cluster sizes is greatest for even ones', () => {
  expect(clusterSizeEntropy([5, 5, 5, 5])).toBeCloseTo(Math.log(4), 12);
  expect(clusterSizeEntropy(Int32Array.of(1, 3, 0))).toBeCloseTo(2 * Math.log(2) - 0.75 * Math.log(3), 12);
  expect(clusterSizeEntropy([7, 0])).toBe(0);
});
