import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

/** Runs that take so long alone and together; gives on which of them it was alone. */
function run(pace: Pace, runs: number, alone: number, together: number): boolean[] {
  return Array.from({ length: runs }, () => {
    const was = pace.alone;
    pace.took(was ? alone : together);
    return was;
  });
}

test('tries both ways in turns, not counting the first run, and keeps to the faster', () => {
  const pace = new Pace();
  pace.took(1e6);
  expect(run(pace, 4, 2, 3)).toEqual([true, false, true, false]);
  run(pace, 4, 2, 3);
  expect(run(pace, 20, 9, 1)).toEqual(Array<boolean>(20).fill(true));
  const other = new Pace();
  other.took(0);
  run(other, 8, 3, 2);
  expect(run(other, 20, 3, 2)).toEqual(Array<boolean>(20).fill(false));
});

test('goes by the quickest run of each kind: others may have been held up', () => {
  const pace = new Pace();
  pace.took(0);
  const alone = [9, 2, 9, 9];
  const together = [3, 3, 3, 3];
  for (let i = 0; i < 8; i++) pace.took((i % 2 === 0 ? alone : together)[i >> 1]!);
  expect(pace.alone).toBe(true);
});
