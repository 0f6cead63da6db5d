import { expect, test } from 'vitest';
import { splitOf } from '../../testing/in-memory.ts';
import stage, { classMeans, confusion } from './part-name.ts';

// Features of two numbers; class 0 lies around (1, 0), class 1 around (0, 3), class 2 is never shown.
const train = splitOf(Float32Array.of(0, 0, 2, 0, 0, 2, 0, 4), Int32Array.of(0, 0, 1, 1));
const test3 = splitOf(Float32Array.of(1, 1, 0, 9, 0, 2.9), Int32Array.of(0, 1, 0));

test('PartName: means are those of each class', () => {
  const means = classMeans(train, 3, 2);
  expect(means.map((mean) => mean && [...mean])).toEqual([[1, 0], [0, 3], undefined]);
});

test('PartName: each image takes the class of the nearest mean', () => {
  expect(confusion(test3, classMeans(train, 3, 2))).toEqual([
    [1, 1, 0],
    [0, 1, 0],
    [0, 0, 0],
  ]);
});

test('PartName refuses settings that it does not know', () => {
  expect(stage.schema.safeParse({ protocol: 'small', layer: 'conv2' }).success).toBe(true);
  expect(stage.schema.safeParse({ protocol: 'small', layer: 'conv2', epochs: 1 }).success).toBe(false);
});
