import { expect, it } from 'vitest';
import { maskOf, type Segmentation } from './segments.ts';

const pixels = (segmentation: Segmentation, height: number, width: number): string[] =>
  Array.from({ length: height }, (_, y) =>
    [
      ...maskOf([{ label: 0, crowd: false, segmentation }], height, width).classes.subarray(y * width, (y + 1) * width),
    ].join(''),
  );

it('fills polygons where centres of pixels lie inside, in several parts and outside the image', () => {
  expect(pixels([[1, 0, 3, 0, 3, 2, 1, 2]], 3, 4)).toEqual(['0110', '0110', '0000']);
  expect(pixels([[0, 0, 4, 4, 0, 4]], 4, 4)).toEqual(['0000', '1000', '1100', '1110']);
  expect(pixels([[-5, -5, 1, -5, 1, 9, -5, 9], [2.6, 1, 9, 1, 9, 2, 2.6, 2]], 3, 4)).toEqual(['1000', '1001', '1000']); // prettier-ignore
});

// Packed by hand with pycocotools' rule: 5 bits a character from '0' on, differences to the run but one before from the fourth.
it('reads runs down the columns, as numbers and packed', () => {
  const drawn = ['0101', '0100', '1000'];
  expect(pixels({ size: [3, 4], counts: [2, 3, 4, 1, 2] }, 3, 4)).toEqual(drawn);
  expect(pixels({ size: [3, 4], counts: '234NN' }, 3, 4)).toEqual(drawn);
  const half = pixels({ size: [40, 50], counts: 'Xo0Xo0' }, 40, 50);
  expect(half.every((line) => line === '0'.repeat(25) + '1'.repeat(25))).toBe(true);
});

it('lets the smaller of two lie above, crowds below all, and refuses what does not fit', () => {
  const square = (from: number, to: number): Segmentation => [[from, 0, to, 0, to, 1, from, 1]];
  const segments = [
    { label: 4, crowd: false, segmentation: square(1, 2) },
    { label: 2, crowd: false, segmentation: square(0, 3) },
    { label: 1, crowd: true, segmentation: square(2, 5) },
  ];
  expect([...maskOf(segments, 1, 6).classes]).toEqual([3, 5, 3, 255, 255, 0]);
  const one = (segmentation: Segmentation) => () => maskOf([{ label: 0, crowd: false, segmentation }], 2, 2);
  expect(one({ size: [3, 2], counts: [6] })).toThrow(/runs of 3 × 2 pixels, the image has 2 × 2/);
  expect(one({ size: [2, 2], counts: [1, 9] })).toThrow(/pixels that the image does not have/);
  expect(one({ size: [2, 2], counts: '\u0001' })).toThrow(/cut off or damaged/);
  expect(one({ size: [2, 2], counts: [0.5] })).toThrow(/pixels that the image does not have/);
  for (const odd of [
    null,
    5,
    { size: null, counts: [4] },
    { size: [2, 2] },
    { size: [2], counts: [4] },
    { size: [2, 2], counts: [null] },
  ]) {
    expect(one(odd as unknown as Segmentation)).toThrow(/neither polygons nor runs/);
  }
  expect(one([5] as unknown as Segmentation)).toThrow(/polygon that is no list of numbers/);
  const many = Array.from({ length: 17 }, () => ({ label: 0, crowd: false, segmentation: square(0, 1) }));
  expect(() => maskOf(many, 2 ** 14, 2 ** 14)).toThrow(/17 objects in 16384 × 16384 pixels, more than are drawn/);
  expect(one([[0, 0, 1, 1]])).toThrow(/fewer than three corners/);
});
