import { execFile, execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createTestWorkspace, toyExperiment } from './testing/workspace.ts';

interface Project {
  name: string;
  implicitDependencies?: string[];
  targets: Record<
    string,
    {
      cache?: boolean;
      metadata?: { description: string; help?: { command: string } };
      options?: { command: string };
      parallelism?: boolean;
      dependsOn: unknown[];
      inputs: { projects?: string[] }[];
      outputs: string[];
    }
  >;
}

async function projects(experiment: object, comparison?: object, name = 'both'): Promise<Record<string, Project>> {
  const workspace = createTestWorkspace();
  try {
    workspace.write('pipelines/experiments/toy/experiment.json', experiment);
    if (comparison !== undefined) workspace.write(`pipelines/comparisons/${name}/comparison.json`, comparison);
    // Plain JavaScript without types.
    const plugin = (await import(new URL('../nx-plugin.mjs', import.meta.url).href)) as {
      createNodes: [string, (files: string[], options: undefined, context: { workspaceRoot: string }) => unknown];
    };
    const { stdout } = await promisify(execFile)('find', ['packages', 'pipelines/', '-type', 'f'], {
      cwd: workspace.root,
    });
    const files = stdout
      .trim()
      .split('\n')
      .map((file) => file.replace('//', '/'));
    const nodes = plugin.createNodes[1](files, undefined, { workspaceRoot: workspace.root }) as [
      string,
      { projects: Record<string, Project> },
    ][];
    return Object.fromEntries(nodes.flatMap(([, node]) => Object.values(node.projects)).map((one) => [one.name, one]));
  } finally {
    workspace.remove();
  }
}

test('a project for each package, part, dataset and experiment', async () => {
  const all = await projects(toyExperiment);
  expect(Object.keys(all).sort()).toEqual(
    [
      'data',
      'data-few',
      'data-source-numbers',
      'eval',
      'eval-measure',
      'exp-toy',
      'models',
      'models-net',
      'pipeline',
    ].concat(['tasks', 'tasks-other', 'tasks-toy']),
  );
  expect(all['exp-toy']!.implicitDependencies).toEqual([
    'data',
    'models',
    'tasks',
    'eval',
    'tasks-toy',
    'eval-measure',
  ]);
});

test('a target for each stage, variant and seed, that waits for what it needs', async () => {
  const variants = { toy: {}, net: { 'pretrain.config.network': { name: 'net' }, 'pretrain.uses': 'tasks/other' } };
  const { targets } = (await projects({ ...toyExperiment, seeds: [1, 2], variants }))['exp-toy']!;
  expect(Object.keys(targets).sort()).toEqual(
    ['check', 'report']
      .concat(
        ['measure', 'pretrain'].flatMap((stage) =>
          ['net', 'toy'].flatMap((variant) => [1, 2].map((seed) => `${stage}-${variant}-seed-${seed}`)),
        ),
      )
      .sort(),
  );
  expect(targets['measure-net-seed-2']!.dependsOn).toContain('pretrain-net-seed-2');
  expect(targets['pretrain-net-seed-1']).toMatchObject({
    cache: true,
    parallelism: false,
    outputs: ['{workspaceRoot}/artifacts/toy/net/seed-1/pretrain'],
  });
  const sources = (target: string): unknown => targets[target]!.inputs.find((input) => input.projects)!.projects;
  expect(sources('pretrain-toy-seed-1')).toEqual(['tasks-toy', 'tasks', 'data', 'models']);
  // The measurement rebuilds the network that the stage before it chose.
  expect(sources('measure-net-seed-1')).toEqual(['eval-measure', 'models-net', 'eval', 'data', 'models']);
});

test('a layer that has the name of a network chooses none', async () => {
  const measure = { ...toyExperiment.stages.measure, config: { layer: 'net', layers: ['net'] } };
  const { targets } = (await projects({ ...toyExperiment, stages: { ...toyExperiment.stages, measure } }))['exp-toy']!;
  const sources = targets['measure-seed-1']!.inputs.find((input) => input.projects)!.projects;
  expect(sources).toEqual(['eval-measure', 'eval', 'data', 'models']);
});

test('each target says what it is for', async () => {
  const all = Object.values(await projects(toyExperiment)).flatMap(({ targets }) => Object.values(targets));
  for (const { metadata } of all) expect(metadata?.description).toMatch(/^[A-Z].{5,}/);
  expect(all.find(({ options }) => options?.command.includes(' stage '))!.metadata).toMatchObject({
    description: 'The stage pretrain (tasks/toy)',
    help: { command: 'node pipelines/bin/selfsup.mjs help stage' },
  });
});

test('without variants the targets have short names', async () => {
  const { targets } = (await projects(toyExperiment))['exp-toy']!;
  expect(Object.keys(targets)).toEqual(expect.arrayContaining(['pretrain-seed-1', 'measure-seed-1']));
});

test('no hash of Nx depends on threads or processor, unless results must be exact', async () => {
  const { targets } = (await projects(toyExperiment))['exp-toy']!;
  const inputs = targets['pretrain-seed-1']!.inputs;
  expect(inputs.filter((input) => 'env' in input)).toEqual([{ env: 'SELFSUP_EXACT' }]);
  expect(inputs).toContainEqual({ runtime: 'node pipelines/nx-machine.mjs' });
  const machine = fileURLToPath(new URL('../nx-machine.mjs', import.meta.url));
  const printed = (env: Record<string, string>): string =>
    execFileSync(process.execPath, [machine], { env, cwd: tmpdir(), encoding: 'utf8' });
  expect(printed({ SELFSUP_THREADS: '1' })).toBe('');
  const exact = printed({ SELFSUP_THREADS: '1', SELFSUP_EXACT: '1' });
  expect(exact).toContain('SELFSUP_THREADS=1');
  expect(printed({ SELFSUP_THREADS: '2', SELFSUP_EXACT: '1' })).not.toBe(exact);
});

test('a broken experiment breaks no other project', async () => {
  const all = await projects({ about: { title: 'x' }, stages: { a: { uses: 'tasks/toy', needs: { dataset: 'a' } } } });
  expect(Object.keys(all['exp-toy']!.targets)).toEqual(['report']);
  expect(all['tasks-toy']).toBeDefined();
  const measure = { uses: 'eval/measure', needs: { encoder: 'data/nothing' } };
  const unknown = await projects({ ...toyExperiment, stages: { ...toyExperiment.stages, measure } });
  expect(Object.keys(unknown['exp-toy']!.targets)).toEqual(['report']);
});

test('a comparison waits for the stages that it names, of the variants that it names, and for every seed', async () => {
  const variants = { toy: {}, other: { 'pretrain.uses': 'tasks/other' } };
  const experiment = { ...toyExperiment, seeds: [1, 2], variants };
  const entries = [{ experiment: 'toy', variant: 'other' }];
  const all = await projects(experiment, { about: { title: 'x' }, entries, stages: ['pretrain'] });
  const { targets, implicitDependencies } = all['cmp-both']!;
  const of = (target: string): object => ({ projects: ['exp-toy'], target });
  expect(targets['report']).toMatchObject({
    cache: true,
    dependsOn: ['check', of('pretrain-other-seed-1'), of('pretrain-other-seed-2')],
    outputs: ['{workspaceRoot}/artifacts/compare/both'],
  });
  expect(targets['check']!.dependsOn).toEqual([of('check')]);
  // An edit of the experiment affects the comparison, and the report sees what the experiment says of itself.
  expect(implicitDependencies).toEqual(['pipeline', 'exp-toy']);
  expect(targets['report']!.inputs.find((input) => input.projects)!.projects).toEqual(['pipeline', 'exp-toy']);
  for (const target of ['both', 'compare-both'])
    expect(all['pipeline']!.targets[target]).toMatchObject({
      cache: false,
      options: { command: 'node pipelines/bin/selfsup.mjs compare both' },
      dependsOn: [{ projects: ['cmp-both'], target: 'report' }],
    });
  const whole = await projects(experiment, { about: { title: 'x' }, entries: [{ experiment: 'toy' }] });
  expect(whole['cmp-both']!.targets['report']!.dependsOn).toHaveLength(1 + 2 * 2 * 2);
});

test.each([[[{ experiment: 'nothing' }]], [[{ experiment: 'toy', variant: 'nothing' }]], ['no list']])(
  'a broken comparison breaks no other project: %j',
  async (entries) => {
    const all = await projects(toyExperiment, { about: { title: 'x' }, entries });
    expect(Object.keys(all['cmp-both']!.targets)).toEqual(['report']);
    expect(Object.keys(all['exp-toy']!.targets)).toContain('measure-seed-1');
  },
);

test('where a comparison has the name of an experiment, the target of that name runs neither and says why', async () => {
  const all = await projects(toyExperiment, { about: { title: 'x' }, entries: [{ experiment: 'toy' }] }, 'toy');
  const { options, dependsOn } = all['pipeline']!.targets['toy']!;
  expect([options!.command, dependsOn]).toEqual(['node pipelines/bin/selfsup.mjs check toy', undefined]);
});
