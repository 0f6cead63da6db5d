import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';
import { readPlan, type AskedFor, type Plan } from './plan.ts';

let workspace: TestWorkspace;
beforeAll(() => {
  workspace = createTestWorkspace();
  workspace.write('pipelines/experiments/sizes/experiment.json', {
    ...toyExperiment,
    about: { title: 'Sizes' },
    variants: { small: {}, large: { 'measure.config.factor': 10 } },
  });
  workspace.write('pipelines/comparisons/both/comparison.json', {
    about: { title: 'Both' },
    entries: [{ experiment: 'toy', label: 'Toy' }, { experiment: 'sizes' }],
    stages: ['measure'],
  });
});
afterAll(() => workspace.remove());

const plan = (name: string, asked: AskedFor = {}): Plan => readPlan({ root: workspace.root }, name, asked);

function refused(name: string, asked: AskedFor = {}): UserError {
  try {
    plan(name, asked);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error('no error');
}

function study(content: object): string {
  workspace.write('few.json', content);
  return workspace.path('few.json');
}

const labels = ({ report }: Plan): string[] | undefined =>
  'comparison' in report ? report.comparison.entries.map(({ label }) => label) : undefined;

test('one value of each path makes one variant, shown beside the declared ones', () => {
  const { report, experiments, isSweep } = plan('toy', { set: ['pretrain.config.value=4'], seed: 7 });
  expect(isSweep).toBe(false);
  expect(experiments[0]!.seeds).toEqual([7]);
  expect(report).toMatchObject({ experiment: { seeds: [1, 7], variants: [{ name: 'base' }, { of: 'base' }] } });
  expect(report).toHaveProperty('setVariant', experiments[0]!.variants[0]!.name);
});

test('what --data brings in is named as it was given', () => {
  for (const set of [[], ['pretrain.config.value=4'], ['pretrain.config.value=4,5']]) {
    const error = refused('toy', { data: ['few=feww'], set });
    expect(error).toMatchObject({ field: '--data few=feww', message: expect.stringContaining("did you mean 'few'") });
  }
  expect(refused('toy', { data: ['few=few'], set: ['pretrain.cofig=4'] }).field).toBe('--set pretrain.cofig');
});

test('several make a comparison of as many, each under its settings', () => {
  const sweep = plan('toy', { set: ['pretrain.config.value=4,5', 'measure.config.factor=2,3'] });
  expect(labels(sweep)).toEqual(['value=4, factor=2', 'value=4, factor=3', 'value=5, factor=2', 'value=5, factor=3']);
  expect(sweep.name).toMatch(/^toy-value-factor-[0-9a-f]{6}$/);
  expect(sweep.isSweep).toBe(true);
  const one = plan('sizes', { set: ['measure.config.factor=2,3'], variant: 'small', stage: 'measure' });
  expect(labels(one)).toEqual(['factor=2', 'factor=3']);
  expect(labels(plan('sizes', { set: ['measure.config.factor=2,3'] }))).toEqual([
    'small, factor=2',
    'large, factor=2',
    'small, factor=3',
    'large, factor=3',
  ]);
});

test('the entries of a comparison stand once for each setting', () => {
  const sweep = plan('both', { set: ['pretrain.config.value=4,5'] });
  expect(labels(sweep)).toEqual([
    'Toy, value=4',
    'Toy, value=5',
    'sizes, small, value=4',
    'sizes, small, value=5',
    'sizes, large, value=4',
    'sizes, large, value=5',
  ]);
  const [last] = 'comparison' in sweep.report ? sweep.report.comparison.entries.slice(5) : [];
  expect(last).toMatchObject({
    stages: ['pretrain', 'measure'],
    variant: { of: 'large', stages: { pretrain: { config: { value: 5 } }, measure: { config: { factor: 10 } } } },
  });
});

test('a study says in a file what a line would, and more', () => {
  const file = study({
    about: { title: 'Few' },
    of: 'sizes',
    variants: ['large'],
    seeds: [3, 4],
    stages: ['pretrain'],
    grid: { 'pretrain.config.value': [4, 5] },
    points: [{ 'pretrain.config.value': 6, 'pretrain.config.network.name': 'a,b' }],
  });
  const sweep = plan(file);
  expect(sweep.name).toBe('sizes-few');
  expect(labels(sweep)).toEqual(['value=4', 'value=5', 'value=6, name=a,b']);
  expect(sweep.experiments[0]).toMatchObject({ seeds: [3, 4], variants: [{ of: 'large' }, {}, {}] });
  expect(sweep.report).toMatchObject({
    comparison: { about: { title: 'Few' }, entries: [{ stages: ['pretrain'] }, {}, {}] },
  });
  expect(labels(plan(study({ of: 'both', points: [{ 'pretrain.config.value': 4 }] })))).toHaveLength(3);
});

const grid = { 'pretrain.config.value': [1] };
test.each([
  [{ grid }, 'of', /expected string/],
  [{ of: 'toy' }, 'grid', /needs a grid, or points/],
  [{ of: 'toi', grid }, 'of', /did you mean 'toy'/],
  [{ of: 'toy', gird: grid, grid }, 'gird', /did you mean 'grid'/],
  [{ of: 'toy', grid: { pretrain: [1] } }, 'grid.pretrain', /dotted path/],
  [{ of: 'toy', grid: { 'pretrain.config.value': [] } }, 'grid.pretrain.config.value', /.+/],
  [{ of: 'toy', grid: { 'pretrain.config.value': [1, 1] } }, 'grid.pretrain.config.value', /twice/],
  [{ of: 'toy', grid, points: [{ 'pretrain.config.value': 1 }] }, 'points.0', /twice/],
  [
    { of: 'toy', points: [{ 'pertrain.config.value': 1 }] },
    'points.0.pertrain.config.value',
    /Unknown stage 'pertrain'/,
  ],
  [{ of: 'toy', grid, stages: ['mesure'] }, 'stages.0', /did you mean 'measure'/],
  [{ of: 'toy', grid, variants: ['bas'] }, 'variants.0', /did you mean 'base'/],
  [{ of: 'toy', grid, seeds: [1, 1] }, 'seeds', /must differ/],
  [{ of: 'both', grid, seeds: [1] }, 'seeds', /is a comparison/],
])('the study %j is refused by its field', (content, field, says) => {
  const error = refused(study(content));
  expect(error.file).toBe(workspace.path('few.json'));
  expect(error.field).toBe(field);
  expect(error.message).toMatch(says);
});

test('an option that means nothing there is named', () => {
  expect(refused('both', { variant: 'small' }).message).toContain('--variant is for one experiment');
  expect(refused(study({ of: 'toy', grid }), { set: ['a.b=1'] }).message).toContain('--set is for one experiment');
  expect(refused('toy', { set: ['measure.config.factor=1,2'], stage: 'mesure' }).field).toBe('--stage');
  expect(refused('toy', { set: ['pertrain.config.value=1,2'] }).field).toBe('--set pertrain.config.value');
});
