import { expect, test } from 'vitest';
import { quarterTurns } from './quarter-turns.ts';

// as in the released code of RotNet
test.each([
  [0, [0, 1, 2, 3, 4, 5]],
  [1, [2, 5, 1, 4, 0, 3]],
  [2, [5, 4, 3, 2, 1, 0]],
  [3, [3, 0, 4, 1, 5, 2]],
  [-1, [3, 0, 4, 1, 5, 2]],
])('by %i quarter turns, channels kept together', (turns, expected) => {
  const grey = Uint8Array.from([0, 1, 2, 3, 4, 5]);
  expect([...quarterTurns(grey, [2, 3, 1], turns)]).toEqual(expected);
  const two = Float32Array.from([...grey].flatMap((value) => [value, -value]));
  expect([...quarterTurns(two, [2, 3, 2], turns)]).toEqual(expected.flatMap((value) => [value, -value]));
});
