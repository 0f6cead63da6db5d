import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import type { RandomKey } from '@selfsup/kit/random';
import { parameterCount } from '../../checkpoint/weights.ts';
import partNameNetwork from './part-name.ts';

const input = { height: 32, width: 32, channels: 3 };
const build = (key: RandomKey): tf.LayersModel => partNameNetwork.build({ width: 8 }, input, key);

test('PartName has the layers and the number of weights that its description says', () => {
  const encoder = build([1, 0]);
  const shapes = partNameNetwork.probePoints({ width: 8 }).map((layer) => encoder.getLayer(layer).outputShape);
  expect(shapes).toEqual([
    [null, 16, 16, 8],
    [null, 8, 8, 16],
    [null, 4, 4, 32],
  ]);
  // 3×3 kernels without bias, then gain and offset of batch norm.
  expect(parameterCount(encoder)).toBe(9 * (3 * 8 + 8 * 16 + 16 * 32) + 2 * (8 + 16 + 32));
});

test('PartName: the same key gives the same features, another key others', () => {
  const image = tf.ones([1, 32, 32, 3]);
  const features = [1, 1, 2].map((seed) => (build([seed, 0]).predict(image) as tf.Tensor).dataSync());
  expect(features[1]).toEqual(features[0]);
  expect(features[2]).not.toEqual(features[0]);
});

test('PartName refuses settings that it does not know', () => {
  expect(partNameNetwork.schema.safeParse({ widht: 8 }).success).toBe(false);
});
