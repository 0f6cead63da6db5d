import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { testImages } from './test-images.ts';

/** Twelve images of one grey pixel each, class by class. */
const dataset = {
  manifest: { splits: { test: { count: 12 } }, classes: ['cat', 'dog', 'owl'] },
  count: () => 12,
  labels: () => Int32Array.from({ length: 12 }, (_, i) => Math.floor(i / 4)),
  picture: (_split: string, i: number) => ({ height: 1, width: 1, channels: 1, pixels: Uint8Array.of(10 * i) }),
} as unknown as Dataset;

test('images are taken evenly apart, and those that are seen first are of all classes', () => {
  const { data, pixels } = testImages(dataset, 6, { height: 1, width: 1, channels: 1 });
  expect(data.indices).toEqual([0, 4, 8, 2, 6, 10]);
  expect(data.labels).toEqual([0, 1, 2, 0, 1, 2]);
  expect([...pixels]).toEqual([0, 40, 80, 20, 60, 100]);
});

test('images of another size than the networks take are refused', () => {
  expect(() => testImages(dataset, 6, { height: 2, width: 2, channels: 1 })).toThrow(/1 × 1 with 1 channels.*2 × 2/s);
});
