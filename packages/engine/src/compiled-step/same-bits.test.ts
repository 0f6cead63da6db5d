import { expect, test, vi } from 'vitest';
import { randomKey } from '@selfsup/kit/random';
import { kernel, type } from '../kernel.ts';
import { batchNorm4d } from '../ops/batch-norm.ts';
import { maxPool2d } from '../ops/max-pool.ts';
import { deviceUniform } from '../tensors/device-random.ts';
import { sparseSoftmaxCrossEntropy } from '../tensors/losses.ts';
import { tf } from '../tensorflow.ts';
import { withLazyBinding } from '../testing/lazy-binding.ts';

// TensorFlow rewrites the graph of a function: it puts ops in the place of others, joins them and folds constants. Every kind of
// op that tasks and evaluations ask for gives the bits here that it gives by itself, of numbers of each kind.

type Matrices = readonly [x: tf.Tensor2D, y: tf.Tensor2D];
type Unary = (x: tf.Tensor2D) => tf.Tensor;

const unary: Unary[] = [
  tf.abs,
  tf.ceil,
  tf.cos,
  tf.elu,
  tf.erf,
  tf.exp,
  tf.expm1,
  tf.floor,
  tf.isFinite,
  tf.isInf,
  tf.isNaN,
  tf.leakyRelu,
  tf.log,
  tf.log1p,
  tf.logSoftmax,
  tf.logSumExp,
  tf.neg,
  tf.onesLike,
  tf.reciprocal,
  tf.relu,
  tf.relu6,
  tf.round,
  tf.rsqrt,
  tf.selu,
  tf.sigmoid,
  tf.sign,
  tf.sin,
  tf.softmax,
  tf.softplus,
  tf.sqrt,
  tf.square,
  tf.tanh,
  tf.zerosLike,
  (x) => x.transpose(),
  (x) => x.cast('bool'),
];
const differentiable: Unary[] = [tf.softmax, tf.logSoftmax, tf.tanh, tf.sigmoid, tf.relu, tf.leakyRelu, tf.softplus];
const binary = [tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum, tf.pow, tf.squaredDifference, tf.atan2];
const comparisons = [tf.equal, tf.notEqual, tf.greater, tf.greaterEqual, tf.less, tf.lessEqual];
const reductions = [tf.sum, tf.mean, tf.max, tf.min, tf.prod, tf.argMax, tf.argMin, tf.logSumExp];

/** Sums that TensorFlow's optimiser has other ways to write; an op of its own for activations of which it finds the parts. */
const expressions = ([x, y]: Matrices): tf.Tensor[] => [
  x.mul(y).add(x.mul(x)),
  x.add(y).add(y.add(x.square())),
  tf.addN([x, y, x, x, y, x, x]),
  tf.zerosLike(x).mul(y),
  tf.onesLike(x).mul(y),
  tf.zerosLike(x).add(y),
  x.sub(x),
  x.div(x),
  x.add(y.neg()),
  x.mul(y.reciprocal()),
  x.div(y.square().sqrt()),
  x.mul(x.sigmoid()),
  x.mul(tf.tanh(tf.softplus(x))),
  x.mul(tf.erf(x.mul(Math.SQRT1_2)).add(1)).mul(0.5),
  x.mul(0.1).mul(0.3).add(0.1).add(0.3),
  tf.exp(x).sub(1),
  tf.log(x.add(1)),
  x.sub(x.mean(1, true)).mul(x.square().mean(1, true).add(1e-5).rsqrt()).mul(y),
];

const ofMatrices = ([x, y]: Matrices): tf.Tensor[] => [
  ...unary.map((op) => op(x)),
  ...differentiable.map((op) => tf.grad((v: tf.Tensor) => op(v as tf.Tensor2D).mul(y))(x)),
  ...binary.map((op) => op(x, y)),
  ...comparisons.map((op) => op(x, y)),
  ...reductions.flatMap((op) => [op(x, 0), op(x, 1)]),
  ...expressions([x, y]),
  x.sum(),
  x.mean(),
  tf.concat([x, y], 1),
  tf.stack([x, y]),
  tf.tile(x, [2, 1]),
  tf.reverse(x, 1),
  tf.cumsum(x, 1),
  tf.where(x.greater(y), x, y),
  tf.topk(x, 2).values,
  tf.pad(x, [
    [1, 0],
    [0, 2],
  ]),
  tf.gather(x, [1, 0, 1]),
  tf.matMul(x, y, false, true),
  tf.matMul(x, y, true, false),
  tf.relu(tf.matMul(x, y, false, true).add(x.slice([0, 0], [1, 1]))),
  sparseSoftmaxCrossEntropy(tf.zeros([x.shape[0]], 'int32'), x),
  kernel('L2Loss', { T: type('float32') }, [x])[0]!,
];

/** Numbers from −1 to 1 that differ from each other. */
const wave = (length: number, seed: number) => Float32Array.from({ length }, (_, i) => Math.sin(1 + i * seed));

/** Each kind of number, at sizes with and without a rest to the vectors of processors. */
const numbers: Record<string, (i: number) => number> = {
  ordinary: () => 3,
  large: () => 3e38,
  tiny: () => 1e-30,
  subnormal: () => 1e-40,
  'infinite, without a value, or zero': (i) => [Infinity, NaN, 0, -0, 80, -Infinity, 1e-45][i % 7]!,
};

function bitsOf(tensors: readonly tf.Tensor[]): Buffer[] {
  const bits = tensors.map((tensor) => Buffer.from(tensor.dataSync().slice().buffer));
  tf.dispose([...tensors]);
  return bits;
}

/** Five times: recorded twice, then on several threads, on one, and on several. */
function expectSameBits(ops: () => tf.Tensor[]): void {
  const expected = bitsOf(tf.tidy(ops));
  withLazyBinding((lazy, told) => {
    for (let i = 0; i < 5; i++) {
      const found = bitsOf(lazy.step(() => tf.tidy(ops)));
      const others = expected.flatMap((bits, op) => (bits.equals(found[op]!) ? [] : [op]));
      expect(others, 'places in the list of ops whose bits are others').toEqual([]);
    }
    expect(lazy.size.functions, told.join('\n')).toBe(1);
  });
}

test.each(Object.keys(numbers))('ops on matrices of numbers that are %s', (kind) => {
  // tfjs warns of every int64 result.
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  for (const [rows, columns] of [
    [3, 7],
    [128, 21],
  ] as const) {
    const [x, y] = [0.7, 1.3].map((seed) => {
      const values = wave(rows * columns, seed).map((value, i) => value * numbers[kind]!(i));
      return tf.tensor2d(values, [rows, columns]);
    });
    expectSameBits(() => ofMatrices([x!, y!]));
    tf.dispose([x!, y!]);
  }
});

const convolutionOf = (images: tf.Tensor4D, filter: tf.Tensor4D) => tf.conv2d(images, filter, 1, 'same');

const ofImages = (images: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor[] => {
  const channels = images.shape[3];
  const bias = filter.sum([0, 1, 2]);
  const [scale, offset] = [images.mean([0, 1, 2]), images.max([0, 1, 2])];
  const biased = kernel('BiasAdd', { T: type('float32'), data_format: 'NHWC' }, [convolutionOf(images, filter), bias]);
  const normalised = (training: boolean, relu: boolean) => {
    const inputs = { x: images, scale, offset, mean: scale, variance: scale.square() };
    return Object.values(batchNorm4d(inputs, { epsilon: 1e-5, decay: 0.9, training, relu })) as tf.Tensor[];
  };
  const square = { filterSize: 3, strides: 2, pad: 'same' } as const;
  return [
    ...normalised(true, true),
    ...normalised(true, false),
    ...normalised(false, true),
    biased[0]!,
    tf.relu(biased[0]!),
    tf.relu(convolutionOf(images, filter).add(bias)),
    tf.conv2d(
      tf.pad(images, [
        [0, 0],
        [1, 1],
        [2, 1],
        [0, 0],
      ]),
      filter,
      1,
      'valid',
    ),
    tf.conv2dTranspose(
      convolutionOf(images, filter),
      filter,
      [...images.shape] as [number, number, number, number],
      1,
      'same',
    ),
    tf.depthwiseConv2d(images, filter.slice([0, 0, 0, 0], [3, 3, channels, 2]), 1, 'same'),
    ...tf.grads((x: tf.Tensor, f: tf.Tensor) =>
      convolutionOf(x as tf.Tensor4D, f as tf.Tensor4D)
        .relu()
        .sum(),
    )([images, filter]),
    maxPool2d(tf.relu(images), square),
    tf.grad((x: tf.Tensor) => maxPool2d(x, square).square())(images),
    tf.avgPool(images, 3, 2, 'same'),
    tf.grad((x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, 3, 2, 'same').square())(images),
    tf.localResponseNormalization(images, 2),
    tf.image.resizeBilinear(images, [13, 7]),
    tf.image.resizeNearestNeighbor(images, [13, 7]),
    tf.matMul(images, images, false, true),
    tf.einsum('bhwc,bhwd->bcd', images, images),
    tf.transpose(images, [0, 3, 1, 2]).mul(2).transpose([0, 2, 3, 1]),
    tf.moments(images, [0, 1, 2]).variance,
    deviceUniform(randomKey(3, 'step', 1), [4, 3]),
  ];
};

test.each([1, 1e30, 1e-30, 1e-40])('ops on images of numbers about %s', (size) => {
  for (const [side, channels] of [
    [9, 5],
    [8, 16],
  ] as const) {
    const images = tf.tensor4d(wave(2 * side * side * channels, 0.7), [2, side, side, channels]).mul<tf.Tensor4D>(size);
    const filter = tf.tensor4d(wave(9 * channels * 8, 1.3), [3, 3, channels, 8]);
    expectSameBits(() => ofImages(images, filter));
    tf.dispose([images, filter]);
  }
});
