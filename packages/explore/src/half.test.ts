import { expect, test } from 'vitest';
import { fromHalf, toHalf } from './half.ts';

const bits = (...values: number[]): number[] => [...toHalf(Float32Array.from(values))];

test('the values that the standard names', () => {
  expect(bits(0, -0, 1, -2, 65504, 2 ** -14, 2 ** -24)).toEqual([
    0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001,
  ]);
  expect(bits(1 / 3, Math.PI)).toEqual([0x3555, 0x4248]);
  expect(bits(Infinity, -Infinity)).toEqual([0x7c00, 0xfc00]);
  expect(fromHalf(toHalf(Float32Array.of(NaN)))[0]).toBeNaN();
});

test('it is rounded to the nearest, and to even half way between', () => {
  expect(bits(1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20)).toEqual([0x3c00, 0x3c02, 0x3c01]);
  expect(bits(2049, 2051, 65519, 65520, 1e30)).toEqual([0x6800, 0x6802, 0x7bff, 0x7c00, 0x7c00]);
  expect(bits(2 ** -25, 2 ** -25 * 1.01, 3 * 2 ** -25, 2 ** -26, 1e-40)).toEqual([0, 1, 2, 0, 0]);
});

test('each of the 65,536 goes there and back', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const back = toHalf(fromHalf(all));
  const differing = [...all].filter((half, i) => back[i] !== half && (half & 0x7c00) !== 0x7c00);
  expect(differing).toEqual([]);
});
