import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { decodeReference } from '@selfsup/models/testing/reference';
import { warp } from './warp.ts';

const { pillow } = JSON.parse(readFileSync(new URL('aet.reference.json', import.meta.url), 'utf8'));

test('transforms like Pillow: but for its cutting off to bytes; its sharp border and its grey outside too', () => {
  const { shape, data } = decodeReference(pillow.image);
  const expected = decodeReference(pillow.results).data;
  const count = pillow.coefficients.length as number;
  const found = tf.tidy(() => {
    const image = tf.tensor4d(Float32Array.from(data), [1, ...shape] as [number, number, number, number]);
    return warp(tf.tile(image, [count, 1, 1, 1]), pillow.coefficients).dataSync();
  });
  expect(found).toHaveLength(expected.length);
  const differences = Array.from(found, (value, i) => value - expected[i]!);
  const outside = found.filter((value) => value === 128).length;
  expect(Math.min(...differences)).toBeGreaterThan(-0.01);
  expect(Math.max(...differences)).toBeLessThan(1.01);
  expect(outside).toBeGreaterThan(count * 100);
});

test('the identity changes nothing, and leaves no tensors behind', () => {
  const image = tf.randomUniform<tf.Rank.R4>([2, 5, 7, 3], 0, 255, 'float32', 1);
  const before = tf.memory().numTensors;
  const same = warp(image, [
    [1, 0, 0, 0, 1, 0],
    [1, 0, 0, 0, 1, 0, 0, 0],
  ]);
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(same.sub(image).abs().max().dataSync()[0]).toBeLessThan(1e-4);
});

test('each image needs its transformation', () => {
  expect(() => warp(tf.zeros([2, 4, 4, 3]), [[1, 0, 0, 0, 1, 0]])).toThrow('1 transformations of 2 images');
});
