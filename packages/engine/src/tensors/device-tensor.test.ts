import { expect, test } from 'vitest';
import { copiedToDevice, pixelTensor } from './device-tensor.ts';
import { tf } from '../tensorflow.ts';

test('values may be written over as soon as the tensor is made', () => {
  const before = tf.memory().numTensors;
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const first = copiedToDevice(values.subarray(0, 4), [2, 2]);
  values.set([7, 8, 9, 10]);
  const second = copiedToDevice(values.subarray(2), [4]);
  values.fill(0);
  expect([...first.dataSync()]).toEqual([1, 2, 3, 4]);
  expect(first.shape).toEqual([2, 2]);
  expect([...second.dataSync()]).toEqual([9, 10, 5, 6]);
  tf.dispose([first, second]);
  expect(tf.memory().numTensors).toBe(before);
});

test.each([0, 1, 2, 4, 8, 16])('also where the values begin %i places into their memory', (start) => {
  const memory = new Float32Array(4096 + start).fill(3);
  const tensor = copiedToDevice(memory.subarray(start), [64, 64]);
  tf.add(tensor, 1).dispose();
  memory.fill(5);
  expect(tensor.max().dataSync()[0]).toBe(3);
  tensor.dispose();
});

test('a shape that does not fit is refused', () => {
  expect(() => copiedToDevice(new Float32Array(5), [2, 3])).toThrow();
});

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

test('the bytes may be moved elsewhere as soon as it returns', () => {
  const bytes = new Uint8Array(48).fill(9);
  const tensor = pixelTensor(bytes, [1, 4, 4, 3]);
  new Uint8Array(structuredClone(bytes.buffer, { transfer: [bytes.buffer] })).fill(1);
  expect(bytes).toHaveLength(0);
  expect(new Set(tensor.dataSync())).toEqual(new Set([9]));
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
