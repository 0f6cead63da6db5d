import { expect, test } from 'vitest';
import { kernel, type } from '../kernel.ts';
import { tf } from '../tensorflow.ts';

const attributes = { T: type('float32'), align_corners: false, half_pixel_centers: false };
const images = tf.randomNormal<tf.Rank.R4>([2, 3, 5, 4], 0, 1, 'float32', 1);

test.each([
  [6, 10],
  [6, 15],
  [3, 5],
])(
  "resizing to %i × %i by nearest neighbours, and its gradient, have the bits of TensorFlow's ops",
  (height, width) => {
    const size: [number, number] = [height, width];
    const resize = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, size);
    const [expected] = kernel('ResizeNearestNeighbor', attributes, [images, tf.tensor1d(size, 'int32')]);
    expect(resize(images).dataSync()).toEqual(expected!.dataSync());
    const dy = tf.randomNormal([2, height, width, 4], 0, 1, 'float32', 2);
    const [gradient] = kernel('ResizeNearestNeighborGrad', attributes, [dy, tf.tensor1d([3, 5], 'int32')]);
    expect(tf.grad(resize)(images, dy).dataSync()).toEqual(gradient!.dataSync());
  },
);

test('whole numbers are resized as before', () => {
  const whole = tf.tensor3d([1, 2, 3, 4], [2, 2, 1], 'int32');
  expect([...tf.image.resizeNearestNeighbor(whole, [4, 4]).dataSync()].slice(0, 8)).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
});
