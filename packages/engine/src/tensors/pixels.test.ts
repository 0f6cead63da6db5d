import { expect, test } from 'vitest';
import { pixelTensor } from './pixels.ts';

test('bytes come to the device as they are, from any memory and of any number', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(600));
  shared.forEach((_, i) => (shared[i] = i * 7));
  for (const [bytes, shape] of [
    [shared, [2, 10, 10, 3]],
    [shared.subarray(4, 4 + 300), [1, 10, 10, 3]],
    [shared.subarray(5, 5 + 12), [1, 2, 2, 3]],
    [shared.subarray(0, 7), [1, 7, 1, 1]],
  ] as const) {
    const tensor = pixelTensor(bytes, shape);
    const expected = Float32Array.from(bytes);
    expect(tensor.shape).toEqual([...shape]);
    expect(tensor.dataSync()).toEqual(expected);
  }
});

test('the bytes may change as soon as it returns', () => {
  const bytes = new Uint8Array(48).fill(9);
  const tensor = pixelTensor(bytes, [1, 4, 4, 3]);
  bytes.fill(200);
  expect(new Set(tensor.dataSync())).toEqual(new Set([9]));
});

test('a wrong shape is an error', () => {
  expect(() => pixelTensor(new Uint8Array(12), [1, 2, 2, 4])).toThrow(/12 bytes for the shape 1 × 2 × 2 × 4/);
});
