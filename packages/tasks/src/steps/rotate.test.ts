import { describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { rotate } from './rotate.ts';

const rows = (image: tf.Tensor4D): unknown => (image.squeeze([0, 3]) as tf.Tensor2D).arraySync();

describe('rotate', () => {
  const image = tf.tensor4d([0, 1, 2, 3, 4, 5], [1, 2, 3, 1]);

  // as published
  test.each([
    [
      0,
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    [
      1,
      [
        [2, 5],
        [1, 4],
        [0, 3],
      ],
    ],
    [
      2,
      [
        [5, 4, 3],
        [2, 1, 0],
      ],
    ],
    [
      3,
      [
        [3, 0],
        [4, 1],
        [5, 2],
      ],
    ],
    [
      -1,
      [
        [3, 0],
        [4, 1],
        [5, 2],
      ],
    ],
  ])('by %i quarter turns', (turns, expected) => {
    expect(rows(rotate(image, turns))).toEqual(expected);
  });

  test('keeps images and channels apart, and leaves no tensors behind', () => {
    const batch = tf.range(0, 2 * 3 * 3 * 2).reshape([2, 3, 3, 2]) as tf.Tensor4D;
    const before = tf.memory().numTensors;
    const turned = rotate(batch, 1);
    expect(tf.memory().numTensors).toBe(before + 1);
    const value = (n: number, y: number, x: number, c: number): number => ((n * 3 + y) * 3 + x) * 2 + c;
    // 90° counter-clockwise: row y of the result is column 2 − y of the image.
    const result = turned.arraySync();
    expect(result[1]![0]![2]![1]).toBe(value(1, 2, 2, 1));
    expect(result[0]![2]![1]![0]).toBe(value(0, 1, 0, 0));
  });
});
