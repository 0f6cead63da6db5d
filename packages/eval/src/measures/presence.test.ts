import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { randomDataset } from '../testing/in-memory.ts';
import { meanPrecisions, positivesByClass, presenceIn, presenceOfLabels } from './presence.ts';

const box = (label: number, difficult: boolean) => ({
  ...{ label, difficult, left: 0, top: 0, right: 4, bottom: 4, truncated: false },
});

test('flags come first, then boxes, then the one class; a class is difficult only where all its boxes are', () => {
  const plain = randomDataset('train', 4, 4);
  const found: Dataset = {
    ...plain,
    annotations: (_, i) =>
      i === 0
        ? { presence: [0, -1], boxes: [box(1, false)] }
        : i === 1
          ? { boxes: [box(0, true), box(0, false), box(0, true), box(1, true)] }
          : i === 2
            ? { boxes: [] }
            : {},
  };
  expect([...presenceIn(found, 'train', [0, 1, 2, 3])]).toEqual([0, -1, 1, 0, -1, -1, -1, 1]);
  expect([...presenceOfLabels([1, 0], 2)]).toEqual([-1, 1, 1, -1]);
  expect(positivesByClass(Int32Array.of(1, 0, 1, -1, 1, 1), 2)).toEqual([3, 1]);
});

test('an image without anything is named', () => {
  const plain = randomDataset('train', 4, 4);
  const unknown: Dataset = { ...plain, labels: () => new Int32Array(4).fill(-1) };
  expect(() => presenceIn(unknown, 'train', [2])).toThrow('Image 2 of train has neither a class nor boxes');
});

test('difficult rows are no part of their class’s ranking, and classes that none shows of no mean', () => {
  // Class 0 in order of its scores: difficult, shown, absent, shown. Class 1: absent, shown. Class 2 is shown nowhere.
  const presence = Int32Array.of(0, -1, -1, 1, -1, -1, -1, 0, 0, 1, 1, -1);
  const scores = Float32Array.of(9, 5, 1, 8, 1, 1, 7, 99, 1, 6, 4, 1);
  const { map, elevenPoints, envelope, ofClasses } = meanPrecisions(scores, presence, 3);
  const first = 0.5 * 1 + 0.5 * (2 / 3);
  expect(ofClasses).toEqual([first, 1 / 2, Number.NaN]);
  expect(map).toBeCloseTo((first + 1 / 2) / 2, 12);
  expect(envelope).toBeCloseTo((first + 1 / 2) / 2, 12);
  expect(elevenPoints).toBeCloseTo(((6 + 5 * (2 / 3)) / 11 + 1 / 2) / 2, 12);
});
