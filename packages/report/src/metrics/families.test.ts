import { expect, test } from 'vitest';
import { formerMetrics } from '@selfsup/kit/metric';
import { familiesOf, familyTitle, namesOf } from './families.ts';
import { protocolsOf } from './protocols.ts';

const of = (...metrics: string[]) => {
  const measured = Object.fromEntries(metrics.map((metric) => [metric, 1]));
  const row = {
    variant: 'a',
    seed: 1,
    stage: 's',
    uses: 'eval/x',
    config: {},
    metrics: formerMetrics(measured),
    figures: [],
  };
  return familiesOf(protocolsOf({ seeds: [1], variants: ['a'], rows: [row] }));
};

test('protocols that differ in k alone are one family, in the order of their list', () => {
  const [knn, plain, ...rest] = of(
    'knn/cosine-weighted0.1-k200/conv2/top1',
    'knn/cosine-weighted0.1-k10/conv10/top1',
    'knn/plain-k10/conv2/top1',
  );
  expect(rest).toEqual([]);
  expect(familyTitle(knn!)).toBe('knn, protocol cosine-weighted0.1');
  expect(knn!.members.map(({ parameter }) => parameter)).toEqual(['k = 200', 'k = 10']);
  expect(knn!.layers).toEqual(['conv2', 'conv10']);
  // The only one of its kind keeps its whole name.
  expect(familyTitle(plain!)).toBe('knn, protocol plain-k10');
  expect(plain!.members.map(({ parameter }) => parameter)).toEqual(['']);
});

test('another number than k is named by the word before it', () => {
  const [attention] = of('attention/power-1/conv1/r', 'attention/power-2/conv2/r');
  expect(attention!.members.map(({ parameter }) => parameter)).toEqual(['power 1', 'power 2']);
  expect(namesOf(attention!)).toEqual(['attention/power-1/conv1/r', 'attention/power-2/conv2/r']);
});

test('protocols of other heads, and those with a number inside, are families of their own', () => {
  expect(of('a/x-k1/c/m', 'b/x-k2/c/m', 'map/umap-k15-d0.1/c/m', 'map/umap-k15-d0.2/c/m')).toHaveLength(4);
});
