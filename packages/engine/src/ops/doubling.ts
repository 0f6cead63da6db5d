import { int, kernel, type } from '../kernel.ts';
import { tf } from './library.ts';
import { preferring } from './registry.ts';

/** Whether nearest neighbours mean here that each pixel becomes two by two. */
function doubles({ shape, dtype }: tf.TensorInfo, attributes: unknown): boolean {
  const { size, alignCorners } = attributes as { size: [number, number]; alignCorners: boolean };
  const isDouble = size[0] === 2 * shape[1]! && size[1] === 2 * shape[2]!;
  return isDouble && !alignCorners && dtype === 'float32';
}

/** Each row of a matrix twice, side by side. */
function twice(rows: tf.Tensor): tf.Tensor {
  const attributes = { N: int(2), T: type('float32'), Tidx: type('int32') };
  return kernel('ConcatV2', attributes, [rows, rows, tf.scalar(1, 'int32')])[0]!;
}

// TensorFlow's own op finds each number of the larger image by a division, and its gradient runs on one thread. Pixels side
// by side are copies of memory; a gradient is the sum of four, which is four times their mean: the same bits.
preferring('ResizeNearestNeighbor', ({ inputs, attrs }) => {
  const images = (inputs as { images: tf.TensorInfo }).images as tf.Tensor;
  if (!doubles(images, attrs)) return undefined;
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  return tf.tidy(() => {
    const wide = twice(images.reshape([batch * height * width, channels]));
    const high = twice(wide.reshape([batch * height, 2 * width * channels]));
    return high.reshape([batch, 2 * height, 2 * width, channels]);
  });
});

preferring('ResizeNearestNeighborGrad', ({ inputs, attrs }) => {
  const { images, dy } = inputs as { images: tf.TensorInfo; dy: tf.TensorInfo };
  if (!doubles(images, attrs)) return undefined;
  const attributes = {
    T: type('float32'),
    ksize: int([1, 2, 2, 1]),
    strides: int([1, 2, 2, 1]),
    padding: 'VALID',
    data_format: 'NHWC',
  };
  return tf.tidy(() => kernel('AvgPool', attributes, [dy])[0]!.mul(4));
});
