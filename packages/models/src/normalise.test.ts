import { tf } from '@selfsup/engine/tensorflow';
import { expect, test } from 'vitest';
import { normalise } from './normalise.ts';

test('takes each channel’s mean away and divides by its deviation; a deviation of 0 counts as 1', () => {
  const pixels = tf.tensor4d([0, 100, 255, 50], [1, 1, 2, 2], 'int32');
  const result = normalise(pixels, { mean: [100, 50], std: [50, 0] });
  expect(result.dtype).toBe('float32');
  expect([...result.dataSync()].map((value) => Number(value.toFixed(4)))).toEqual([-2, 50, 3.1, 0]);
});
