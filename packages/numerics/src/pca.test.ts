import { describe, expect, it } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { normal, randomKey } from '@selfsup/kit/random';
import { fitPca, normaliseRows, projectedRows } from './pca.ts';
import { memoryRows, type RowSource } from './row-source.ts';

const close = (got: ArrayLike<number>, expected: readonly number[], digits: number) => {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => expect(got[i]).toBeCloseTo(value, digits));
};
const all = (source: RowSource) => source.read(0, source.rows);

/** 40 × 6 values by a formula that NumPy shares: sin(0.7 i (j + 1)) + ½ cos(0.3 i² + j) + j. */
const formula = Float32Array.from({ length: 240 }, (_, at) => {
  const [i, j] = [Math.floor(at / 6), at % 6];
  return Math.sin(i * (j + 1) * 0.7) + 0.5 * Math.cos(i * i * 0.3 + j) + j;
});

describe('PCA', () => {
  it('has the closed form of an ellipse', async () => {
    // Rows on both axes of an ellipse turned by the angle of (3, 4)/5, at ±10 and ±1, about (100, −200).
    const rows = [[10, 0], [-10, 0], [0, 1], [0, -1]].flatMap(([u, v]) => [
      100 + (3 * u! - 4 * v!) / 5,
      -200 + (4 * u! + 3 * v!) / 5,
    ]); // prettier-ignore
    const source = memoryRows(Float32Array.from(rows), 2);
    const pca = await fitPca(source, { components: 2, chunkRows: 3 });
    close(pca.mean, [100, -200], 5);
    close(pca.axes, [0.6, 0.8, 0.8, -0.6], 5);
    close(pca.variances, [200 / 3, 2 / 3], 4);
    expect(pca.totalVariance).toBeCloseTo(202 / 3, 3);
    const one = Math.sqrt(1.5);
    close(await all(projectedRows(source, pca)), [one, 0, -one, 0, 0, -one, 0, one], 4);
    close(await all(projectedRows(source, pca, { eigenPower: 0 })), [10, 0, -10, 0, 0, -1, 0, 1], 4);
    close(await all(projectedRows(source, pca, { normalise: true })), [1, 0, -1, 0, 0, -1, 0, 1], 4);
  });

  it('agrees with scikit-learn 1.9.1 (whiten, full solver), signs made ours', async () => {
    const pca = await fitPca(memoryRows(formula, 6), { components: 3 });
    close(pca.variances, [1.275689, 0.977006, 0.733496], 5);
    expect(pca.totalVariance).toBeCloseTo(3.655826, 5);
    // prettier-ignore
    close(pca.axes, [-0.111131, 0.1746, 0.700963, 0.119487, -0.143738, -0.656413, -0.336889, -0.294163, -0.086776,
      0.732844, -0.489226, 0.126653, 0.817507, 0.287252, -0.028861, 0.16892, -0.467102, 0.040215], 5);
    const projected = await all(projectedRows(memoryRows(formula, 6), pca));
    close(projected.subarray(0, 6), [-0.155023, -0.321789, 0.45662, 0.865138, -0.585221, 1.464245], 4);
  });

  it('whitens: values afterwards have mean 0, variance 1 and no covariance, far from 0 too', async () => {
    const key = randomKey(3);
    const values = Float32Array.from({ length: 3000 * 4 }, (_, i) => 50 + (1 + (i % 4)) * normal(key, i));
    for (let i = 0; i < values.length; i += 4) values[i + 1]! += values[i]!;
    const source = memoryRows(values, 4);
    const before = tf.memory().numTensors;
    const white = await all(projectedRows(source, await fitPca(source, { components: 4, chunkRows: 700 })));
    expect(tf.memory().numTensors).toBe(before);
    for (let a = 0; a < 4; a++) {
      let sum = 0;
      for (let i = a; i < white.length; i += 4) sum += white[i]!;
      expect(sum / 3000).toBeCloseTo(0, 3);
      for (let b = 0; b < 4; b++) {
        let product = 0;
        for (let i = 0; i < white.length; i += 4) product += white[i + a]! * white[i + b]!;
        expect(product / 2999).toBeCloseTo(a === b ? 1 : 0, 3);
      }
    }
  });

  it('gives the same bits twice, and nearly the same whatever the size of pieces', async () => {
    const source = memoryRows(formula, 6);
    const one = await fitPca(source, { components: 5 });
    expect(await fitPca(source, { components: 5 })).toEqual(one);
    for (const chunkRows of [1, 7, 39]) {
      const other = await fitPca(source, { components: 5, chunkRows });
      close(other.axes, [...one.axes], 4);
      close(other.variances, [...one.variances], 5);
    }
  });

  it('leaves axes without variance at 0 instead of blowing up rounding errors', async () => {
    const values = Float32Array.from({ length: 60 }, (_, i) => [i % 7, 2 * ((i - 1) % 7), 5][i % 3]!);
    const source = memoryRows(values, 3);
    const pca = await fitPca(source, { components: 3 });
    expect(pca.variances[1]!).toBeLessThan(1e-5);
    const white = await all(projectedRows(source, pca));
    for (let i = 0; i < white.length; i += 3) expect([white[i + 1]! + 0, white[i + 2]! + 0]).toEqual([0, 0]);
  });

  it('refuses by name what cannot be', async () => {
    const source = memoryRows(formula, 6);
    await expect(fitPca(source, { components: 7 })).rejects.toMatchObject({ field: 'components', name: 'UserError' });
    await expect(fitPca(source, { components: 0 })).rejects.toMatchObject({ field: 'components' });
    await expect(fitPca(memoryRows(formula, 60), { components: 4 })).rejects.toMatchObject({ field: 'components' });
    const damaged = formula.slice();
    damaged[200] = NaN;
    await expect(fitPca(memoryRows(damaged, 6), { components: 2, chunkRows: 8 })).rejects.toThrow('Row 33 holds NaN');
    const pca = await fitPca(source, { components: 2 });
    expect(() => projectedRows(memoryRows(formula, 5), pca)).toThrow(expect.objectContaining({ field: 'width' }));
    const stopped = fitPca(source, { components: 2, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ name: 'Interrupted' });
  });
});

it('divides rows by their norm; rows of 0 stay 0 and are counted', () => {
  const values = Float32Array.of(3, 4, 0, 0, -0.5, 0);
  expect(normaliseRows(values, 2)).toBe(1);
  close(values, [0.6, 0.8, 0, 0, -1, 0], 6);
});
