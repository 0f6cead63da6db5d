import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';
import { dataOverrides, datasetsNeeded, readExperiment } from './experiment.ts';
import { parseGrid, setVariantName } from './overrides.ts';

let workspace: TestWorkspace;
beforeAll(() => {
  workspace = createTestWorkspace();
});
beforeEach(() => workspace.write(file, toyExperiment));
afterAll(() => workspace.remove());

const file = 'pipelines/experiments/toy/experiment.json';

function failure(content: object | string, overrides: Record<string, unknown> = {}): UserError {
  workspace.write(file, content);
  try {
    readExperiment({ root: workspace.root }, 'toy', [overrides]);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).file).toBe(workspace.path(file));
    return error as UserError;
  }
  throw new Error('no error');
}

const withStages = (stages: object): object => ({ ...toyExperiment, stages: { ...toyExperiment.stages, ...stages } });

test('a sound experiment: stages in order, one variant called base', () => {
  const experiment = readExperiment({ root: workspace.root }, 'toy');
  expect(experiment.variants).toHaveLength(1);
  expect(experiment.variants[0]).toMatchObject({ name: 'base', order: ['pretrain', 'measure'] });
});

test('a mistyped key names its field and the nearest known one', () => {
  const error = failure(withStages({ measure: { uses: 'eval/measure', neds: { encoder: 'pretrain' } } }));
  expect(error.field).toBe('stages.measure.neds');
  expect(error.message).toContain("did you mean 'needs'");
  expect(error.remedy).toContain('uses, needs, config');
});

test('two mistyped keys are both told', () => {
  expect(failure({ ...toyExperiment, sedes: [1], variant: {} }).describe()).toMatch(/sedes[\s\S]*variant/);
});

test('broken JSON', () => {
  expect(failure('{ "about": ').message).toContain('Not valid JSON');
});

test('an unknown part lists those that exist', () => {
  const error = failure(withStages({ measure: { uses: 'eval/mesure', needs: { encoder: 'pretrain' } } }));
  expect(error.field).toBe('stages.measure.uses');
  expect(error.message).toMatch(/did you mean 'eval\/measure'.*tasks\/toy/);
});

test('an unknown dataset lists those that exist', () => {
  const error = failure(withStages({ pretrain: { uses: 'tasks/toy', needs: { dataset: 'data/cifar11' } } }));
  expect(error.field).toBe('stages.pretrain.needs.dataset');
  expect(error.message).toContain("Unknown dataset 'cifar11'");
  expect(error.message).toContain('few');
});

test('an unknown stage lists those that exist', () => {
  const error = failure(withStages({ measure: { uses: 'eval/measure', needs: { encoder: 'pretrian' } } }));
  expect(error.field).toBe('stages.measure.needs.encoder');
  expect(error.remedy).toContain('pretrain, measure');
});

test('a cycle is named', () => {
  const error = failure(
    withStages({
      a: { uses: 'eval/measure', needs: { encoder: 'b' } },
      b: { uses: 'eval/measure', needs: { encoder: 'c' } },
      c: { uses: 'eval/measure', needs: { encoder: 'a' } },
    }),
  );
  expect(error.message).toContain('a -> b -> c -> a');
});

test('an experiment that does not exist lists those that do', () => {
  expect(() => readExperiment({ root: workspace.root }, 'toi')).toThrow(/did you mean 'toy'/);
});

test('variants apply dotted overrides and leave each other alone', () => {
  workspace.write(file, {
    ...toyExperiment,
    variants: { plain: {}, big: { 'pretrain.config.value': 7, 'pretrain.config.network.name': 'net' } },
  });
  const [plain, big] = readExperiment({ root: workspace.root }, 'toy').variants;
  expect(plain!.stages['pretrain']!.config).toEqual({ value: 3 });
  expect(big!.stages['pretrain']!.config).toEqual({ value: 7, network: { name: 'net' } });
});

test('an override that names no stage, or brings in an unknown key, is named', () => {
  const unknown = failure(toyExperiment, { 'pertrain.config.value': 1 });
  expect(unknown.message).toContain("Unknown stage 'pertrain'");
  expect(unknown.field).toBe('--set pertrain.config.value');
  expect(failure(toyExperiment, { 'pretrain.cofig.value': 1 }).field).toBe('--set pretrain.cofig.value');
  const declared = failure({ ...toyExperiment, variants: { one: { 'pertrain.config.value': 1 } } });
  expect(declared.field).toBe('variants.one');
  const place = (path: string) => ({ file: 'study.json', field: `grid.${path}` });
  const point = { 'pretrain.needs.dataset': 'data/none' };
  workspace.write(file, toyExperiment);
  expect(() => readExperiment({ root: workspace.root }, 'toy', [point], place)).toThrow(
    expect.objectContaining({ file: 'study.json', field: 'grid.pretrain.needs.dataset' }),
  );
});

test.each([
  ['pretrain', 5, 'stages.pretrain'],
  ['pretrain.needs', 'data/toy', 'stages.pretrain.needs'],
  ['pretrain.needs.dataset', 7, 'stages.pretrain.needs.dataset'],
])('an override that puts something else into the place of %s is named', (path, value, field) => {
  const refused = failure({ ...toyExperiment, variants: { one: { [path]: value } } });
  expect(refused).toMatchObject({ name: 'UserError', field });
  expect(refused.remedy).toContain('the override of the variant one');
});

test('a path too short to name a setting is told the whole one', () => {
  expect(failure(toyExperiment, { 'pretrain.value': 1 }).remedy).toMatch(
    /\. A setting is named pretrain\.config\.value\.$/,
  );
  expect(failure(toyExperiment, { value: 1 }).remedy).toMatch(
    /^Stages there are.*\. A setting is named <stage>\.config\.value\.$/,
  );
  expect(failure(toyExperiment, { 'pertrain.config.value': 1 }).remedy).not.toContain('setting');
});

test('--set makes a variant of each declared one for each setting, and says what was declared', () => {
  workspace.write(file, { ...toyExperiment, variants: { plain: {}, big: { 'pretrain.config.value': 7 } } });
  const points = parseGrid(['measure.config.factor=2,3']);
  const { variants } = readExperiment({ root: workspace.root }, 'toy', points);
  expect(variants.map(({ of, set }) => [of, set])).toEqual([
    ['plain', points[0]],
    ['big', points[0]],
    ['plain', points[1]],
    ['big', points[1]],
  ]);
  expect(variants.map(({ name }) => name)).toEqual(variants.map(({ of, set }) => setVariantName(of, set)));
  expect(variants[3]!.stages).toMatchObject({ pretrain: { config: { value: 7 } }, measure: { config: { factor: 3 } } });
});

test('--data puts another dataset wherever the experiment needs one', () => {
  workspace.write(file, toyExperiment);
  const [needed] = datasetsNeeded(readExperiment({ root: workspace.root }, 'toy'));
  const experiment = readExperiment({ root: workspace.root }, 'toy');
  const found = dataOverrides(experiment, [`${needed}=other`]);
  const stages = Object.entries(experiment.variants[0]!.stages);
  const using = stages.flatMap(([stage, { needs }]) =>
    Object.keys(needs).flatMap((role) => (needs[role] === `data/${needed}` ? [`${stage}.needs.${role}`] : [])),
  );
  expect(using.length).toBeGreaterThan(0);
  expect(found).toEqual(using.map((path) => `${path}=data/other`));
  expect(() => dataOverrides(experiment, ['imagenet=other'])).toThrow(/Unknown dataset 'imagenet'/);
  expect(() => dataOverrides(experiment, ['other'])).toThrow(/names no two datasets/);
});
