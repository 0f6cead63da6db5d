import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { classesAbsentFrom, emptyClassRemarks, emptyMaskRemarks, labelsOf, refuseEmptyClass } from './empty-classes.ts';

const classes = ['red', 'green', 'blue', 'grey'];
const labels = Int32Array.of(0, 1, 1);

test('classes that nothing was tested on or learned from are named', () => {
  expect(emptyClassRemarks(classes, { train: [0, 1, 2, 3], test: [3, 2, 1, 0] })).toEqual([]);
  expect(emptyClassRemarks(classes, { train: labels, test: [0, 1, 2] })).toEqual([
    {
      kind: 'class-without-test-images',
      message: '1 of 4 classes, grey, was tested on no image: the number says nothing of it.',
    },
    {
      kind: 'class-without-training-images',
      message: '2 of 4 classes, blue, grey, have no training image: no image of them can be recognised.',
    },
  ]);
  const many = Array.from({ length: 13 }, (_, i) => `c${i}`);
  expect(emptyClassRemarks(many, { test: [0] })[0]!.message).toMatch(/^12 of 13 classes, c1, .*c10 and 2 more, were/);
});

test('of masks is said what a class without test images does to the mean', () => {
  expect(emptyMaskRemarks(classes, { train: [0, 1, 2, 3], test: [3, 2, 1, 0] })).toEqual([]);
  const [untested, unlearned] = emptyMaskRemarks(classes, { train: labels, test: [0, 1, 2] });
  expect(untested!.message).toBe(
    '1 of 4 classes, grey, was tested on no image: it counts as 0 in the mean where pixels are taken for it, else not at all.',
  );
  expect(unlearned!.message).toMatch(/^2 of 4 classes, blue, grey, have no training image/);
});

test('a confusion tells the labels that were tested', () => {
  const matrix = [
    [1, 1],
    [0, 0],
  ];
  expect(labelsOf(matrix)).toEqual([0, 0]);
});

test('a class that only the choice of images leaves out is refused, one that the dataset lacks is not', () => {
  const dataset = { manifest: { classes, splits: { train: { count: 5, classCounts: [1, 2, 2, 0] } } } };
  const absent = classesAbsentFrom('train', dataset as unknown as Dataset);
  expect(absent).toEqual(['grey']);
  expect(() => refuseEmptyClass({ classes, trainLabels: labels, absent })).toThrow(/shows class 'blue'/);
  refuseEmptyClass({ classes, trainLabels: Int32Array.of(0, 1, 2), absent });
  expect(() => refuseEmptyClass({ classes, trainLabels: Int32Array.of(0, 1, 2) })).toThrow(/shows class 'grey'/);
});
