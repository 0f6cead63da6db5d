import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { datasetConfigSchema } from '@selfsup/data/dataset-config';
import { comparisonSchema } from '../declare/comparison.ts';
import { experimentSchema } from '../declare/experiment.ts';
import { kindNames, writeNew } from './write-new.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'selfsup-new-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const written = (): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();

test.each([
  [
    'task',
    [
      'docs/a-b.md',
      'packages/tasks/src/pretext/a-b/a-b.test.ts',
      'packages/tasks/src/pretext/a-b/a-b.ts',
      'packages/tasks/src/pretext/a-b/config.ts',
      'packages/tasks/src/pretext/a-b/run.ts',
      'pipelines/experiments/a-b-small/experiment.json',
      'tests/replay/experiments/replay-task-a-b/experiment.json',
    ],
  ],
  [
    'dataset',
    [
      'packages/data/src/sources/a-b/a-b.test.ts',
      'packages/data/src/sources/a-b/a-b.ts',
      'pipelines/datasets/a-b/dataset.json',
    ],
  ],
  ['experiment', ['pipelines/experiments/a-b/experiment.json']],
  ['comparison', ['pipelines/comparisons/a-b/comparison.json']],
  [
    'network',
    [
      'packages/models/src/networks/a-b/a-b.test.ts',
      'packages/models/src/networks/a-b/a-b.ts',
      'tests/replay/experiments/replay-network-a-b/experiment.json',
    ],
  ],
  [
    'evaluation',
    [
      'packages/eval/src/evaluations/a-b/a-b.test.ts',
      'packages/eval/src/evaluations/a-b/a-b.ts',
      'tests/replay/experiments/replay-evaluation-a-b/experiment.json',
    ],
  ],
] as const)('a new %s: its files, where they are found by name', async (kind, files) => {
  const made = await writeNew({ root }, kind, 'a-b');
  expect(written()).toEqual(files);
  expect(Object.keys(made.files).sort()).toEqual(files);
  expect(made.next.length).toBeGreaterThan(0);
});

// The last three would not do as names of variables as they are.
test.each(['flip', 'a-b', 'a--b-', 'x2-y', 'class', 'tf', 'source'])('files named %s parse', async (name) => {
  for (const kind of kindNames) {
    const { files } = await writeNew({ root }, kind, kind === 'experiment' ? `${name}-e` : name);
    for (const [path, content] of Object.entries(files)) {
      if (path.endsWith('experiment.json')) expect(experimentSchema.safeParse(JSON.parse(content)).success).toBe(true);
      if (path.endsWith('comparison.json')) expect(comparisonSchema.safeParse(JSON.parse(content)).success).toBe(true);
      if (path.endsWith('dataset.json')) expect(datasetConfigSchema.safeParse(JSON.parse(content)).success).toBe(true);
      if (!path.endsWith('.ts')) continue;
      const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
      const { diagnostics } = ts.transpileModule(content, { compilerOptions: options, reportDiagnostics: true });
      expect(diagnostics, path).toEqual([]);
    }
  }
});

test('a task stands in its experiment beside random weights', async () => {
  await writeNew({ root }, 'task', 'flip');
  const file = join(root, 'pipelines/experiments/flip-small/experiment.json');
  const { stages, variants } = experimentSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(stages['pretrain']).toMatchObject({ uses: 'tasks/flip', needs: { dataset: 'data/shapes' } });
  expect(Object.keys(variants!)).toEqual(['flip', 'random']);
});

test("a task's page stands at the end of the list of methods, whatever its name", async () => {
  mkdirSync(join(root, 'docs'));
  const index = (...methods: string[]): string => `# Documents\n\n## Methods\n\n${methods.join('')}\nMore.\n`;
  writeFileSync(join(root, 'docs/README.md'), index('- [RotNet](rotnet.md)\n'));
  expect((await writeNew({ root }, 'task', 'flip-it')).changed).toEqual(['docs/README.md']);
  expect((await writeNew({ root }, 'network', 'flip-it')).changed).toEqual([]);
  const text = readFileSync(join(root, 'docs/README.md'), 'utf8');
  expect(text).toBe(index('- [RotNet](rotnet.md)\n', '- [Flip it](flip-it.md)\n'));
});

test.each(['Flip', '2d', '-flip', 'flip_up', 'flip/up', '../flip', '', 'store', 'report'])(
  'refuses the name %j',
  async (name) => {
    await expect(writeNew({ root }, 'task', name)).rejects.toMatchObject({ name: 'UserError' });
    expect(written()).toEqual([]);
  },
);

test.each([
  ['task', 'packages/tasks/src/pretext/rotnet/rotnet.ts', 'rotnet'],
  ['task', 'packages/tasks/src/pretext/rotnet/config.ts', 'rotnet'],
  ['task', 'docs/data.md', 'data'],
  ['task', 'pipelines/experiments/flip-small/experiment.json', 'flip'],
  ['dataset', 'pipelines/datasets/mine/dataset.json', 'mine'],
  ['dataset', 'packages/data/src/sources/mine/mine.ts', 'mine'],
  ['experiment', 'pipelines/experiments/mine/experiment.json', 'mine'],
  ['comparison', 'pipelines/comparisons/mine/comparison.json', 'mine'],
  ['network', 'packages/models/src/networks/nin/nin.ts', 'nin'],
  ['evaluation', 'packages/eval/src/evaluations/features/features.ts', 'features'],
] as const)('a new %s where %s is there already', async (kind, path, name) => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), 'as it was');
  await expect(writeNew({ root }, kind, name)).rejects.toThrow(/there already/);
  expect(written()).toEqual([path]);
  expect(readFileSync(join(root, path), 'utf8')).toBe('as it was');
});
