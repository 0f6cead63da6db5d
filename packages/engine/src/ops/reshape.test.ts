import { expect, test } from 'vitest';
import { tf } from '../tensorflow.ts';

test('a tensor that has the shape asked for is shared, and outlives either', () => {
  const before = tf.memory();
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const same = x.reshape([2, 2]);
  const other = x.reshape([4]);
  const { numTensors, numDataBuffers } = tf.memory();
  expect([numTensors - before.numTensors, numDataBuffers - before.numDataBuffers]).toEqual([3, 2]);
  x.dispose();
  expect(same.arraySync()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  tf.dispose([same, other]);
  expect(tf.memory()).toEqual(before);
});

test('a side is inferred, and a wrong shape refused', () => {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  expect(x.reshape([-1, 1]).arraySync()).toEqual([[1], [2], [3], [4]]);
  expect(x.reshape([-1, 2]).arraySync()).toEqual(x.arraySync());
  expect(() => x.reshape([3])).toThrow();
});

test('gradients of sums and products have the shapes of their terms', () => {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const [dx, db] = tf.grads((a: tf.Tensor, b: tf.Tensor) => a.add(b).mul(a))([x, tf.tensor1d([1, 2])]);
  expect(dx!.arraySync()).toEqual([
    [3, 6],
    [7, 10],
  ]);
  expect(db!.arraySync()).toEqual([4, 6]);
});
