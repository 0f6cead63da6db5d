import { expect, test } from 'vitest';
import { copiedToDevice } from './device-tensor.ts';
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
