import { expect, test } from 'vitest';
import { tf } from '../tensorflow.ts';

const values = (x: tf.Tensor) => [...x.dataSync()];

test('methods take what they took: tensors of other types, numbers, arrays, shapes to be inferred', () => {
  const x = tf.tensor1d([1.5, 2]);
  const whole = tf.tensor1d([2, 3], 'int32');
  expect([x.add(x), x.add(1), x.add([1, 2]), x.add(whole), whole.add(x)].map(values)).toEqual([
    [3, 4],
    [2.5, 3],
    [2.5, 4],
    [3.5, 5],
    [3.5, 5],
  ]);
  expect([x.sub(x), x.mul(x), x.mul(2), whole.mul(whole)].map(values)).toEqual([
    [0, 0],
    [2.25, 4],
    [3, 4],
    [4, 9],
  ]);
  const square = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  expect(values(square.matMul(square))).toEqual([7, 10, 15, 22]);
  expect(values(square.matMul(square, true))).toEqual([10, 14, 14, 20]);
  expect(x.reshape([-1, 1]).shape).toEqual([2, 1]);
  expect(x.add(tf.zeros([3, 1])).shape).toEqual([3, 2]);
});

test('they are differentiated, leave nothing behind, and refuse what was disposed of', () => {
  const x = tf.tensor1d([1, 2]);
  const before = tf.memory();
  const slope = tf.grad((v) =>
    v
      .mul(v)
      .add(v)
      .sub(v.clone().reshape([2]))
      .sum(),
  )(x);
  expect(values(slope)).toEqual([2, 4]);
  slope.dispose();
  expect(tf.memory()).toEqual(before);
  const gone = tf.tensor1d([1]);
  gone.dispose();
  expect(() => gone.add(x)).toThrow(/disposed/);
  expect(() => x.add(gone)).toThrow();
  expect(() => gone.clone()).toThrow(/disposed/);
});
