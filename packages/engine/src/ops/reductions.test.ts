import { expect, test } from 'vitest';
import { tf } from '../tensorflow.ts';

const x = tf.tensor3d([...Array(24).keys()], [2, 3, 4]);
const weights = (shape: number[]) => tf.range(1, 1 + shape.reduce((product, side) => product * side, 1)).reshape(shape);

test.each([
  [undefined, false],
  [0, false],
  [[0, 2], false],
  [-1, true],
  [[1, 2], true],
])('gradients of sums and means over %j, kept: %s', (axis, keepDims) => {
  const reduced = x.sum(axis, keepDims);
  const dy = weights(reduced.shape);
  const wide = axis === undefined || keepDims ? dy : [axis].flat().reduce<tf.Tensor>((y, i) => y.expandDims(i), dy);
  const expected = wide.mul(tf.onesLike(x));
  expect([
    ...tf
      .grad((y) => y.sum(axis, keepDims).mul(dy))(x)
      .dataSync(),
  ]).toEqual([...expected.dataSync()]);
  const count = x.size / reduced.size;
  const divided = expected.div(count);
  expect([
    ...tf
      .grad((y) => y.mean(axis, keepDims).mul(dy))(x)
      .dataSync(),
  ]).toEqual([...divided.dataSync()]);
});

test('the gradient of a mean is of its shape, of a number too', () => {
  const gradient = tf.grad((y) => y.mean());
  expect(gradient(tf.zeros([2, 1, 3])).shape).toEqual([2, 1, 3]);
  expect(gradient(tf.scalar(5)).dataSync()[0]).toBe(1);
});
