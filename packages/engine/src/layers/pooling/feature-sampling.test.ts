import { expect, test } from 'vitest';
import { adaptiveMaxPool, bilinearResize, type LayerChain } from './pooling.ts';
import { tf } from '../../tensorflow.ts';

/** Two channels of 7 × 5 pixels, channels first as PyTorch has them: (37 i) mod 23. */
const image = tf
  .tensor4d(
    Array.from({ length: 70 }, (_, i) => (37 * i) % 23),
    [1, 2, 7, 5],
  )
  .transpose<tf.Tensor4D>([0, 2, 3, 1]);

function run(chain: LayerChain, input: tf.Tensor4D = image): number[] {
  const start = tf.input({ shape: input.shape.slice(1) });
  const model = tf.model({ inputs: start, outputs: chain.apply(start) });
  const output = (model.predict(input) as tf.Tensor).transpose([0, 3, 1, 2]);
  expect(output.shape).toEqual([input.shape[0], ...[3, 1, 2].map((axis) => model.outputs[0]!.shape[axis])]);
  return [...output.dataSync()];
}

test.each([
  [3, [16, 21, 21, 18, 22, 22, 20, 20, 16, 22, 22, 19, 11, 16, 21, 13, 18, 22]],
  [
    4,
    [
      15, 15, 20, 20, 17, 17, 22, 22, 19, 19, 22, 22, 20, 20, 11, 16, 22, 22, 13, 18, 22, 22, 15, 20, 12, 17, 17, 22,
      13, 18, 18, 22,
    ],
  ],
])('adaptive max pooling to %i bins a side is PyTorch 2.15’s AdaptiveMaxPool2d', (size, expected) => {
  expect(run(adaptiveMaxPool({ name: 'pool', size }))).toEqual(expected);
});

test('bins that divide the sides are plain max pooling', () => {
  const even = tf.tidy(() => tf.range(0, 36).reshape<tf.Tensor4D>([1, 6, 6, 1]));
  expect(run(adaptiveMaxPool({ name: 'pool', size: 2 }), even)).toEqual([14, 17, 32, 35]);
});

test('bilinear resizing is PyTorch 2.15’s interpolate with pixels at their centres', () => {
  const expected = [
    5.33333, 5.66667, 13.66667, 7.66667, 8.0, 16.0, 10.0, 10.33333, 10.66666, 12.33333, 12.66667, 13.0, 7.0, 15.0,
    15.33333, 9.33333, 17.33333, 12.55556,
  ];
  run(bilinearResize({ name: 'resize', size: 3 })).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
});

test('sizes that make no sense are refused', () => {
  expect(() => adaptiveMaxPool({ name: 'pool', size: 0 })).toThrow(/at least 1/);
  expect(() => bilinearResize({ name: 'resize', size: 1.5 })).toThrow(/at least 1/);
});
