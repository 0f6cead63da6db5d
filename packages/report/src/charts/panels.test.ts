import { expect, test } from 'vitest';
import { groupsOf, panelsOf } from './panels.ts';

const baseline = { label: 'random', group: 'Baselines', reference: true };
const entries = [
  { label: 'r1', group: 'RotNet' },
  baseline,
  { label: 'b1', group: 'BiGAN' },
  { label: 'r2', group: 'RotNet' },
];

test('a panel for each group in order of appearance, with the references in each', () => {
  expect(panelsOf(entries)).toEqual([
    { title: 'RotNet', members: ['r1', 'r2'], references: ['random'] },
    { title: 'BiGAN', members: ['b1'], references: ['random'] },
  ]);
});

test('entries of no group have a panel of their own, or all are in one', () => {
  expect(panelsOf([...entries, { label: 'x' }]).at(-1)).toMatchObject({ title: 'Other systems', members: ['x'] });
  expect(panelsOf([{ label: 'x' }, { label: 'y' }])).toEqual([{ title: '', members: ['x', 'y'], references: [] }]);
  expect(panelsOf([baseline])).toEqual([{ title: '', members: ['random'], references: [] }]);
});

test('groups have references among their members', () => {
  expect(groupsOf(entries).map(({ title, members }) => [title, members.length])).toEqual([
    ...[
      ['RotNet', 2],
      ['Baselines', 1],
      ['BiGAN', 1],
    ],
  ]);
});
