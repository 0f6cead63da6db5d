import { expect, test } from 'vitest';
import { rankScores } from './rank.ts';

test('average precision and precision by hand, over classes rather than queries', () => {
  const database = [0, 1, 0, 1, 1];
  // Query 0 (class 0) finds 0, 1, 0: AP (1 + 2/3) / 2. Queries 1 and 2 (class 1) find theirs first, or last.
  const near = [
    [5, 4, 3, 2, 1],
    [1, 5, 0, 4, 3],
    [5, 1, 4, 2, 3],
  ];
  const { map, precision, chance, queries, classes, curve } = rankScores(
    [0, 1, 1, 7],
    database,
    (i) => Float32Array.from(near[i]!),
    [1, 2],
  );
  const last = (1 / 3 + 2 / 4 + 3 / 5) / 3;
  expect(map).toBeCloseTo(((1 + 2 / 3) / 2 + (1 + last) / 2) / 2, 6);
  expect(precision[0]).toBeCloseTo((1 + 1 / 2) / 2, 12);
  expect(precision[1]).toBeCloseTo((1 / 2 + 1 / 2) / 2, 12);
  expect(chance).toBeCloseTo((2 / 5 + 3 / 5) / 2, 12);
  expect(queries).toBe(3); // nothing of class 7 can be found
  expect(classes.map(({ label, queries: asked, held }) => [label, asked, held])).toEqual([
    [0, 1, 2],
    [1, 2, 3],
  ]);
  // Of class 0 precision is 1 up to a recall of one half, 2/3 beyond; of class 1 it is 1, or (1/3, 2/4, 3/5) at most 3/5.
  const wanted = curve.map(([recall]) => ((recall <= 0.5 ? 1 : 2 / 3) + (1 + 3 / 5) / 2) / 2);
  curve.forEach(([recall, found], i) => {
    expect(recall).toBeCloseTo(i / 10, 12);
    expect(found).toBeCloseTo(wanted[i]!, 12);
  });
});
