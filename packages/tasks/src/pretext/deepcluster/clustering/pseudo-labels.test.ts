import { expect, test } from 'vitest';
import { clusterSizes, pseudoLabels } from './pseudo-labels.ts';

test('clusters are numbered anew over those that have members', () => {
  const { labels, count, members } = pseudoLabels(Int32Array.of(5, 2, 2, 7, 5, 2), 9);
  expect([...labels]).toEqual([1, 0, 0, 2, 1, 0]);
  expect(count).toBe(3);
  expect(members.map((places) => [...places])).toEqual([[1, 2, 5], [0, 4], [3]]);
});

test('without empty clusters the labels are the cluster numbers', () => {
  const assignment = Int32Array.of(2, 0, 1, 1);
  expect(pseudoLabels(assignment, 3).labels).toEqual(assignment);
});

test('sizes count every cluster, and a number outside is an error', () => {
  expect([...clusterSizes(Int32Array.of(3, 0, 3), 4)]).toEqual([1, 0, 0, 2]);
  expect(() => clusterSizes(Int32Array.of(4), 4)).toThrow(RangeError);
  expect(() => clusterSizes(Int32Array.of(-1), 4)).toThrow(RangeError);
});
