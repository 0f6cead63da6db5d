import { expect, test } from 'vitest';
import type { Stage } from '../declare/stage.ts';
import { notRun } from './not-run.ts';

const stages = ['rotnet', 'labels', 'random'].flatMap((variant) =>
  [1, 2, 3].flatMap((seed) => ['pretrain', 'measure'].map((name) => ({ variant, seed, name }) as Stage)),
);
const lines = (isMissing: (stage: Stage) => boolean): string[] => notRun(stages, new Set(stages.filter(isMissing)));

test('a variant of which nothing has been run is one line, one that is whole none', () => {
  expect(lines(() => false)).toEqual([]);
  expect(lines(({ variant }) => variant !== 'random')).toEqual([
    'rotnet has not been run.',
    'labels has not been run.',
  ]);
});

test('seeds and stages that are missing stand in one line of their variant', () => {
  expect(lines(({ variant, seed }) => variant === 'labels' && seed > 1)).toEqual([
    'Of labels these have not been run: seeds 2, 3.',
  ]);
  expect(
    lines(({ variant, seed, name }) => variant === 'random' && (seed === 3 || (seed === 1 && name === 'measure'))),
  ).toEqual(['Of random these have not been run: seed 3; measure of seed 1.']);
  expect(lines(({ variant, name }) => variant === 'random' && name === 'measure')).toEqual([
    'Of random these have not been run: measure of seeds 1, 2, 3.',
  ]);
});
