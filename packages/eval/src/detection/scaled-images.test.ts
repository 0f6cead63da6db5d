import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { randomDataset } from '../testing/in-memory.ts';
import { overlap } from './boxes.ts';
import { cornersOf, mirrored, scaledBoxes, scaledImages } from './scaled-images.ts';
import { windowsOver } from './windows.ts';

const plain = randomDataset('train', 4, 4);
/** Left half dark, right half bright. */
const dataset: Dataset = {
  ...plain,
  picture: (_, i) => {
    const [height, width] = i === 0 ? [10, 20] : [30, 12];
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, at) =>
      Math.floor(at / 3) % width < width / 2 ? 10 : 200,
    );
    return { height, width, channels: 3, pixels };
  },
};

test('the shorter side becomes what is asked, unless the longer one gets too long; frames are multiples of 64', () => {
  const rule = { side: 40, most: 70 };
  const { height, width, scales, rows, columns, images } = scaledImages(dataset, 'train', [
    { index: 0, flip: false, scale: rule },
    { index: 1, flip: true, scale: rule },
  ]);
  // 10 × 20 would be 40 × 80: 35 × 70. 30 × 12 would be 100 × 40: 70 × 28.
  expect([height, width]).toEqual([128, 128]);
  expect(scales[0]).toEqual([3.5, 3.5]);
  expect(scales[1]![0]).toBeCloseTo(70 / 30, 9);
  const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);
  expect([sum(rows.subarray(0, 128)), sum(columns.subarray(0, 128))]).toEqual([35, 70]);
  const pixel = (image: number, y: number, x: number) => images[((image * height + y) * width + x) * 3];
  expect([pixel(0, 5, 3), pixel(0, 5, 66), pixel(0, 5, 71)]).toEqual([10, 200, 0]);
  expect([pixel(1, 5, 3), pixel(1, 5, 25)]).toEqual([200, 10]); // mirrored
});

test('boxes are mirrored with their image; corners are inclusive in the pixels of the frame', () => {
  expect([...mirrored(Float32Array.of(1, 2, 5, 9, 0, 0, 20, 10), 20)]).toEqual([15, 2, 19, 9, 0, 0, 20, 10]);
  expect(cornersOf(Float32Array.of(0, 0, 0, 0, 1, 2, 5, 9), [2, 3])).toEqual([0, 0, -3, -2, 3, 4, 12, 16]);
  expect([...scaledBoxes(Float32Array.of(1, 2, 5, 9), [2, 3])]).toEqual([3, 4, 15, 18]);
});

test('windows lie inside the image, and one of them is near any object that is not small', () => {
  const windows = windowsOver(60, 90);
  for (let at = 0; at < windows.length; at += 4) {
    const [left, top, right, bottom] = windows.subarray(at, at + 4) as unknown as [number, number, number, number];
    expect(left >= 0 && top >= 0 && right <= 90.001 && bottom <= 60.001 && right > left && bottom > top).toBe(true);
  }
  for (const box of [
    [3, 5, 30, 30],
    [50, 20, 88, 58],
    [10, 0, 40, 60],
    [20, 30, 80, 55],
  ]) {
    const object = Float32Array.from(box);
    const best = Math.max(...Array.from({ length: windows.length / 4 }, (_, i) => overlap(windows, i, object, 0)));
    expect(best).toBeGreaterThan(0.5);
  }
});
