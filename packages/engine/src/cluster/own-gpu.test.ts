import { expect, test } from 'vitest';
import { chooseGpu } from './own-gpu.ts';

test.each<[string, number, string | undefined, number, string | undefined]>([
  ['the GPU of its number', 2, undefined, 4, '2'],
  ['of those that a scheduler gave to all the one of its number', 1, '5,7', 8, '7'],
  ['a shared one where there are fewer', 3, undefined, 2, '1'],
  ['the one that was given to it', 3, '6', 8, '6'],
  ['none where none shall be seen', 1, '-1', 8, '-1'],
  ['what there is on a machine with one', 1, undefined, 1, undefined],
  ['nothing on a machine without', 1, undefined, 0, undefined],
])('a process takes %s', (_, localRank, given, count, expected) => {
  const environment: NodeJS.ProcessEnv = given === undefined ? {} : { CUDA_VISIBLE_DEVICES: given };
  chooseGpu(localRank, environment, count);
  expect(environment['CUDA_VISIBLE_DEVICES']).toBe(expected);
});
