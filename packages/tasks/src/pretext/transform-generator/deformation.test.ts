import { expect, test } from 'vitest';
import { controlPoints, splineMatrix } from './deformation.ts';

const rowsOf = (matrix: Float32Array, points: number) =>
  Array.from({ length: matrix.length / points }, (_, i) => [...matrix.subarray(i * points, (i + 1) * points)]);

test('spreads a constant as a constant, and a slope as a slope', () => {
  const side = controlPoints(2);
  const rows = rowsOf(splineMatrix(6, 10, 2), side * side);
  expect(rows).toHaveLength(60);
  rows.forEach((row, pixel) => {
    expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    // Cubic B-splines reproduce lines: control points stand at −1, 0, 1, 2, 3 cells.
    const across = row.reduce((sum, weight, point) => sum + weight * ((point % side) - 1), 0);
    const down = row.reduce((sum, weight, point) => sum + weight * (Math.floor(point / side) - 1), 0);
    expect(across).toBeCloseTo((((pixel % 10) + 0.5) / 10) * 2, 5);
    expect(down).toBeCloseTo(((Math.floor(pixel / 10) + 0.5) / 6) * 2, 5);
  });
});

test('weights at the middle of a cell are those of the cubic B-spline', () => {
  const [row] = rowsOf(splineMatrix(1, 1, 1), 16);
  const weights = [1 / 48, 23 / 48, 23 / 48, 1 / 48];
  row!.forEach((weight, i) => expect(weight).toBeCloseTo(weights[i % 4]! * weights[Math.floor(i / 4)]!, 6));
});
