import { expect, test } from 'vitest';
import { anchorShapes, anchorsOver } from './anchors.ts';

const published = { sides: [128, 256, 512], ratios: [0.5, 1, 2] };
/** What the released generator gives for a cell of 16 × 16: x1 y1 x2 y2, counted from 1, both inclusive. */
const windows = [
  [-83, -39, 100, 56],
  [-175, -87, 192, 104],
  [-359, -183, 376, 200],
  [-55, -55, 72, 72],
  [-119, -119, 136, 136],
  [-247, -247, 264, 264],
  [-35, -79, 52, 96],
  [-79, -167, 96, 184],
  [-167, -343, 184, 360],
];

test('the nine windows are the published ones', () => {
  // A unit whose centre is that of the cell, between its pixels 7 and 8.
  const cell = anchorsOver({ height: 1, width: 1, stride: 16, centre: 7.5 }, anchorShapes(published));
  expect([...cell]).toEqual(windows.flatMap(([left, top, right, bottom]) => [left! - 1, top! - 1, right, bottom]));
});

test('they stand about every unit, row by row', () => {
  const shapes = anchorShapes({ sides: [16, 32], ratios: [1] });
  const anchors = anchorsOver({ height: 2, width: 3, stride: 4, centre: 1 }, shapes);
  expect(anchors).toHaveLength(4 * 2 * 3 * 2);
  expect([...anchors.subarray(0, 8)]).toEqual([-6.5, -6.5, 9.5, 9.5, -14.5, -14.5, 17.5, 17.5]);
  // Row 1, column 2: 8 pixels on, 4 down.
  expect([...anchors.subarray(40)]).toEqual([1.5, -2.5, 17.5, 13.5, -6.5, -10.5, 25.5, 21.5]);
});
