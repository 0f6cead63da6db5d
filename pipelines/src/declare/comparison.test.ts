import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';
import { readComparison } from './comparison.ts';

let workspace: TestWorkspace;
const file = 'pipelines/comparisons/both/comparison.json';
const about = { title: 'Both' };

beforeAll(() => {
  workspace = createTestWorkspace();
  const variants = { small: {}, large: { 'measure.config.factor': 10 } };
  const published = [
    { metric: 'measure/value', value: 7, source: 'a paper' },
    { metric: 'measure/value', variant: 'large', value: 70, source: 'a paper' },
  ];
  workspace.write('pipelines/experiments/toy/experiment.json', { ...toyExperiment, seeds: [1, 2] });
  workspace.write('pipelines/experiments/sizes/experiment.json', {
    ...toyExperiment,
    about: { title: 'Sizes', published },
    variants,
  });
});
afterAll(() => workspace.remove());

const read = (comparison: object): ReturnType<typeof readComparison> => {
  workspace.write(file, { about, ...comparison });
  return readComparison({ root: workspace.root }, 'both');
};

function failure(comparison: object): UserError {
  try {
    read(comparison);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error('no error');
}

test('an entry is one variant, or all variants where none is named', () => {
  const { entries } = read({
    entries: [
      { experiment: 'toy', label: 'Toy' },
      { experiment: 'sizes' },
      { experiment: 'sizes', variant: 'large', label: 'L' },
    ],
  });
  expect(entries.map(({ label, experiment, variant }) => [label, experiment.name, variant.name])).toEqual([
    ['Toy', 'toy', 'base'],
    ['sizes, small', 'sizes', 'small'],
    ['sizes, large', 'sizes', 'large'],
    ['L', 'sizes', 'large'],
  ]);
  expect(entries[0]!.stages).toEqual(['pretrain', 'measure']);
});

test('group and reference hold for all variants of an entry', () => {
  const { entries } = read({ entries: [{ experiment: 'sizes', group: 'Sizes', reference: true }] });
  expect(entries.map(({ group, reference }) => [group, reference])).toEqual([
    ['Sizes', true],
    ['Sizes', true],
  ]);
});

test('with stages named, only these and what they need', () => {
  const [toy] = read({ entries: [{ experiment: 'toy' }], stages: ['pretrain'] }).entries;
  expect(toy!.stages).toEqual(['pretrain']);
  expect(read({ entries: [{ experiment: 'toy' }], stages: ['measure'] }).entries[0]!.stages).toHaveLength(2);
});

test.each([
  [{ entries: [{ experiment: 'tpy' }] }, 'entries.0.experiment', "did you mean 'toy'"],
  [{ entries: [{ experiment: 'toy' }, { experiment: 'sizes', variant: 'larg' }] }, 'entries.1.variant', "mean 'large'"],
  [{ entries: [{ experiment: 'toy' }], stages: ['measur'] }, 'stages.0', "did you mean 'measure'"],
  [{ entries: [{ experiment: 'toy' }, { experiment: 'toy' }] }, 'entries', "Two entries are called 'toy'"],
  [{ entries: [{ experiment: 'toy', lable: 'x' }] }, 'entries.0.lable', "did you mean 'label'"],
  [{ entries: [] }, 'entries', 'Too small'],
])('refused: %j', (comparison, field, message) => {
  const error = failure(comparison);
  expect(error.field).toBe(field);
  expect(error.file).toBe(workspace.path(file));
  expect(error.message).toContain(message);
});

test('a published entry names a label that exists, and its mistyped key is told', () => {
  const row = { row: 'aet-cifar10/rotnet-conv', metrics: { error: 'conv/rotnet/conv2/top1' } };
  const entries = [{ experiment: 'toy', label: 'Toy' }];
  const unknown = failure({ entries, about: { ...about, published: [{ ...row, entry: 'Tox' }] } });
  expect(unknown).toMatchObject({ field: 'about.published.0.entry' });
  expect(unknown.message).toContain("did you mean 'Toy'");
  const mistyped = failure({ entries, about: { ...about, published: [{ ...row, comparabel: true }] } });
  expect(mistyped.message).toContain("Unknown key 'comparabel'; did you mean 'comparable'?");
});

test('from the command line: check, list, compare, and nothing twice', async () => {
  workspace.write(file, {
    about,
    entries: [
      { experiment: 'toy', label: 'Toy' },
      { experiment: 'sizes', variant: 'large' },
    ],
  });
  expect((await workspace.run('check', 'both')).output).toContain('both: sound');
  expect((await workspace.run('check', 'bothh')).output).toContain("did you mean 'both'");
  expect((await workspace.run('list')).output).toMatch(/Comparisons\n +both +0\/6 stages +Both\n/);
  expect((await workspace.run('compare', 'both', '--as-is')).output).toContain(
    'Report: artifacts/compare/both/index.html',
  );
  expect(workspace.log()).toEqual([]);

  const { code, output } = await workspace.run('compare', 'both');
  expect(output).toContain('Report: artifacts/compare/both/index.html');
  expect(code).toBe(0);
  // The pretraining of seed 1 is the same in both experiments, so that one of them takes it from the other.
  expect(workspace.log().sort()).toEqual([
    'ingest run',
    'measure run 6',
    'measure run 6',
    'measure run 6',
    'toy end 1',
    'toy end 2',
    'toy start 1',
    'toy start 2',
  ]);
  expect((await workspace.run('list')).output).toMatch(/both +6\/6 stages/);
  const again = await workspace.run('run', 'both');
  expect([again.code, again.output]).toEqual([0, expect.stringContaining('Report: artifacts/compare/both/index.html')]);
  expect(workspace.log()).toHaveLength(8);
}, 300_000);

test('run takes a comparison, without the options of one experiment', async () => {
  const { code, output } = await workspace.run('run', 'both', '--seed', '3');
  expect(code).not.toBe(0);
  expect(output).toContain("'both' is a comparison, and --seed is for one experiment");
  expect(output).toContain('run one of its experiments with it: toy, sizes');
  expect((await workspace.run('run', 'bothh')).output).toContain("did you mean 'both'");
}, 60_000);

test('a comparison with the name of an experiment is refused, both files named', async () => {
  const own = createTestWorkspace();
  try {
    own.write('pipelines/comparisons/toy/comparison.json', { about, entries: [{ experiment: 'toy' }] });
    for (const command of ['run', 'check', 'compare']) {
      const { code, output } = await own.run(command, 'toy');
      expect(code).not.toBe(0);
      expect(output).toContain("A comparison has the name of an experiment, 'toy'");
      expect(output).toContain('pipelines/experiments/toy/experiment.json');
      expect(output).toContain('pipelines/comparisons/toy/comparison.json');
    }
    expect(own.log()).toEqual([]);
  } finally {
    own.remove();
  }
}, 60_000);

test('the report: labels, both experiments, the published number of the variant that is compared', async () => {
  const { readFileSync } = await import('node:fs');
  const page = readFileSync(workspace.path('artifacts/compare/both/index.html'), 'utf8');
  expect(page).toContain('<h1>Both</h1>');
  expect(page).toContain('sizes, large');
  expect(page.match(/<tr class="incomparable">/g)).toHaveLength(1);
  expect(page).toContain('>70</td>');
});

test('check refuses a published cell that does not exist, by file and field', async () => {
  const experiment = {
    ...toyExperiment,
    about: { title: 'x', published: [{ row: 'aet-cifar10/rotnet', metrics: { error: 'a' } }] },
  };
  workspace.write('pipelines/experiments/wrong/experiment.json', experiment);
  const { code, output } = await workspace.run('check', 'wrong');
  expect(code).not.toBe(0);
  expect(output).toContain("Table 'aet-cifar10' has no row 'rotnet'");
  expect(output).toContain('about.published.0');
  expect(output).toContain('rotnet-conv');
}, 60_000);
