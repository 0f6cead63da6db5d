import { expect, test } from 'vitest';
import type { Stage } from '../declare/stage.ts';
import { notRun } from './not-run.ts';

const named = ['rotnet', 'labels', 'random'].map((variant) => ({
  name: variant,
  stages: [1, 2, 3].flatMap((seed) => ['pretrain', 'measure'].map((name) => ({ variant, seed, name }) as Stage)),
}));
const stages = named.flatMap((one) => one.stages);
const lines = (isMissing: (stage: Stage) => boolean): string[] => notRun(named, new Set(stages.filter(isMissing)));

test('names of which nothing has been run are one line, one that is whole is in none', () => {
  expect(lines(() => false)).toEqual([]);
  expect(lines(({ variant }) => variant === 'labels')).toEqual(['labels has not been run.']);
  expect(lines(({ variant }) => variant !== 'random')).toEqual(['rotnet, labels have not been run.']);
});

test('names that lack the same stand in one line', () => {
  expect(lines(({ variant, seed }) => variant === 'random' || seed === 3)).toEqual([
    'Of rotnet, labels these have not been run: seed 3.',
    'random has not been run.',
  ]);
});

test('seeds and stages that are missing of one name stand in one line', () => {
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
