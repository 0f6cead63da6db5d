import { afterAll, expect, test } from 'vitest';
import { float, kernel, type } from '../kernel.ts';
import { tf } from '../tensorflow.ts';
import { withLazyBinding } from '../testing/lazy-binding.ts';

const images = tf.randomNormal([2, 6, 6, 3], 0, 1, 'float32', 1) as tf.Tensor4D;
const filter = tf.randomNormal([3, 3, 3, 4], 0, 1, 'float32', 2) as tf.Tensor4D;
const matrix = tf.randomNormal([4, 5], 0, 1, 'float32', 3) as tf.Tensor2D;
afterAll(() => tf.dispose([images, filter, matrix]));

// What an op may have beside plain inputs: lists of inputs, attributes of each type, several results, numbers as inputs.
test.each<[string, () => tf.Tensor[]]>([
  ['a list, then an axis', () => [tf.concat([matrix, matrix.mul(2), matrix], 1)]],
  ['lists', () => [tf.stack([matrix, matrix.add(1)]), tf.addN([matrix, matrix, matrix])]],
  [
    'several results',
    () => [...tf.split(matrix, [2, 3], 1), ...tf.unstack(matrix), ...Object.values(tf.topk(matrix, 2))],
  ],
  ['lists of integers', () => [tf.conv2d(images, filter, 2, 'same'), tf.maxPool(images, 3, 2, 'valid')]],
  [
    'a list of integers and text',
    () => [
      tf.conv2d(images, filter, 1, [
        [0, 0],
        [1, 2],
        [2, 1],
        [0, 0],
      ]),
    ],
  ],
  ['floats', () => [kernel('LeakyRelu', { T: type('float32'), alpha: float(0.3) }, [matrix])[0]!]],
  ['types', () => [matrix.greater(0).cast('float32').mul(2), matrix.argMax(1).cast('float32')]],
  [
    'shapes as inputs',
    () => [
      matrix.reshape([5, 4]).transpose(),
      tf.pad(matrix, [
        [1, 0],
        [0, 2],
      ]),
      matrix.slice([1, 2], [2, 3]),
    ],
  ],
  [
    'sizes of pictures',
    () => [
      tf.image.resizeBilinear(images, [4, 5]),
      tf.mirrorPad(
        images,
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        'reflect',
      ),
    ],
  ],
  ['complex numbers', () => [tf.real(tf.fft(tf.complex(matrix, matrix.mul(0.5))))]],
  [
    'gradients',
    () => [
      tf.grad((x: tf.Tensor) =>
        tf
          .conv2d(x as tf.Tensor4D, filter, 1, 'same')
          .relu()
          .sum(),
      )(images),
    ],
  ],
  ['nothing but numbers of its own', () => [tf.ones([3]).add(tf.range(0, 3))]],
])('%s: one function, the bits of eager execution', (_what, ops) => {
  const values = (tensors: tf.Tensor[]) => {
    const read = tensors.map((tensor) => [tensor.shape, tensor.dataSync<'float32'>().slice()]);
    tf.dispose(tensors);
    return read;
  };
  const expected = values(tf.tidy(ops));
  withLazyBinding((lazy, told) => {
    for (let i = 0; i < 5; i++) expect(values(lazy.step(() => tf.tidy(ops)))).toEqual(expected);
    expect(lazy.size.functions, told.join('\n')).toBe(1);
  });
});

test('a step without ops is none', () => {
  withLazyBinding((lazy) => {
    for (let i = 0; i < 3; i++) expect(lazy.step(() => i)).toBe(i);
    expect(lazy.size).toEqual({ functions: 0, ops: 0 });
  });
});
