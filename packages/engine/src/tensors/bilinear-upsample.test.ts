import { expect, test } from 'vitest';
import { gradientError, maxDifference } from '../testing/checks.ts';
import { tf } from '../tensorflow.ts';
import { bilinearUpsample } from './bilinear-upsample.ts';

/** Transposed convolution with FCN's fixed weights, each channel by itself, and the crop. */
function deconvolved(scores: tf.Tensor4D, stride: number, offset: number, rows: number, columns: number): tf.Tensor4D {
  const [batch, height, width, channels] = scores.shape;
  const side = 2 * stride - 1;
  const tent = Array.from({ length: side }, (_, i) => 1 - Math.abs(i - (stride - 1)) / stride);
  const kernel = tf.buffer([side, side, channels, channels]);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let channel = 0; channel < channels; channel++) kernel.set(tent[y]! * tent[x]!, y, x, channel, channel);
  const whole = [batch, stride * (height - 1) + side, stride * (width - 1) + side, channels] as const;
  return tf
    .conv2dTranspose(scores, kernel.toTensor() as tf.Tensor4D, [...whole], stride, 'valid')
    .slice([0, offset, offset, 0], [batch, rows, columns, channels]);
}

test.each([
  // FCN-AlexNet: crop 18 of a deconvolution of side 63, so that unit 0 lies on pixel 13.
  [32, 18, 100, 130],
  [16, 7, 70, 41],
  [8, 3, 33, 52],
])('stride %i equals deconvolution and crop', (stride, offset, rows, columns) => {
  const scores = tf.randomNormal(
    [2, Math.ceil(rows / stride) + 2, Math.ceil(columns / stride) + 2, 3],
    0,
    1,
    'float32',
    5,
  );
  const to = { stride: 1, centre: 0, rows, columns };
  const ours = bilinearUpsample(scores as tf.Tensor4D, { stride, centre: stride - 1 - offset }, to);
  expect(ours.shape).toEqual([2, rows, columns, 3]);
  expect(maxDifference(ours, deconvolved(scores as tf.Tensor4D, stride, offset, rows, columns))).toBeLessThan(5e-7);
});

test('a constant stays one inside, and falls to 0 beyond the outermost units', () => {
  const ones = tf.ones([1, 3, 3, 1]) as tf.Tensor4D;
  const line = [
    ...bilinearUpsample(ones, { stride: 4, centre: 3 }, { stride: 1, centre: 0, rows: 1, columns: 15 }).dataSync(),
  ];
  const row = line.map((value) => value / line[5]!);
  expect(row.map((value) => Number(value.toFixed(6)))).toEqual([
    0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25,
  ]);
});

test('from one coarse grid to a finer one that lies elsewhere', () => {
  const scores = tf.tensor4d([0, 32], [1, 1, 2, 1]);
  const to = { stride: 16, centre: 21, rows: 1, columns: 2 };
  // Units on pixels 13 and 45; the finer ones on 21 and 37.
  const found = bilinearUpsample(scores, { stride: 32, centre: 13 }, to);
  expect([...found.dataSync()].map((value) => value / (1 - 8 / 32))).toEqual([8, 24]);
});

test('has the gradient of finite differences', () => {
  const scores = tf.randomNormal([2, 3, 4, 2], 0, 1, 'float32', 6);
  const to = { stride: 1, centre: 0, rows: 17, columns: 20 };
  expect(gradientError((x) => bilinearUpsample(x as tf.Tensor4D, { stride: 8, centre: 2 }, to), [scores])).toBeLessThan(
    1e-3,
  );
});
