import { once } from 'node:events';
import {
  chmodSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../store/manifest.ts';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = createTestWorkspace();
});
afterEach(() => workspace.remove());

const pretrain = 'artifacts/toy/base/seed-1/pretrain';
const experimentFile = 'pipelines/experiments/toy/experiment.json';
const everything = ['ingest run', 'toy start 1', 'toy end 1', 'measure run 6'];

/** Runs the experiment and gives what was really computed in that run. */
async function computed(...args: string[]): Promise<string[]> {
  const before = workspace.log().length;
  const { code, output } = await workspace.run('run', 'toy', ...args);
  expect(output).toContain('Report: artifacts/toy/');
  expect(code).toBe(0);
  return workspace.log().slice(before);
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(workspace.path(path), 'utf8');
  expect(text).toContain(from);
  workspace.write(path, text.replace(from, to));
}

function checkpoint(): string {
  const { sha256 } = workspace.json<Manifest>(`${pretrain}/manifest.json`).blobs['checkpoint']!;
  return workspace.path('artifacts/store/sha256', sha256.slice(0, 2), sha256);
}

test('only what a change touches is computed again', async () => {
  expect(await computed()).toEqual(everything);
  expect(await computed()).toEqual([]);
  // A comment, a type, another part, the "about" block: nothing.
  edit('packages/tasks/src/pretext/toy/toy.ts', 'const schema', '// a comment\ntype Unused = string;\nconst schema');
  edit('packages/tasks/src/pretext/other/other.ts', 'z.number()', 'z.number().min(1)');
  edit(experimentFile, '"Toy"', '"Another title"');
  expect(await computed()).toEqual([]);
  edit('packages/eval/src/evaluations/measure/measure.ts', '* config.factor', '* config.factor + 0');
  expect(await computed()).toEqual(['measure run 6']);
  // Code that the task imports, changed so that the result is the same: nothing after it.
  edit('packages/tasks/src/double.ts', 'value * 2', '2 * value');
  expect(await computed()).toEqual(['toy start 1', 'toy end 1']);
  expect(await computed('--force', 'pretrain')).toEqual(['toy start 1', 'toy end 1']);
  workspace.write(experimentFile, { ...toyExperiment, seeds: [1, 2] });
  expect(await computed()).toEqual(['toy start 2', 'toy end 2', 'measure run 6']);
});

test('a deleted or altered blob is made again, and nothing after it', async () => {
  await computed();
  expect(statSync(checkpoint()).mode & 0o222).toBe(0);
  rmSync(checkpoint());
  expect(await computed()).toEqual(['toy start 1', 'toy end 1']);
  const { atime, mtime } = statSync(checkpoint());
  chmodSync(checkpoint(), 0o644);
  const bytes = readFileSync(checkpoint());
  bytes[1]! ^= 1;
  writeFileSync(checkpoint(), bytes);
  utimesSync(checkpoint(), atime, mtime);
  expect(await computed()).toEqual(['toy start 1', 'toy end 1']);
  // A stage alone, as Nx starts it, mends what it needs.
  rmSync(checkpoint());
  expect((await workspace.run('stage', 'toy', 'measure', '--force')).code).toBe(0);
  expect(workspace.log().slice(-3)).toEqual(['toy start 1', 'toy end 1', 'measure run 6']);
  const { sha256 } = workspace.json<Manifest>('artifacts/few/ingest/manifest.json').blobs['lmdb']!;
  const lmdb = workspace.path('artifacts/store/sha256', sha256.slice(0, 2), sha256, 'data.mdb');
  chmodSync(lmdb, 0o644);
  writeFileSync(lmdb, 'spoilt');
  expect(await computed()).toEqual(['ingest run']);
});

test('--set makes a variant beside the base run; equal stages are shared', async () => {
  await computed();
  expect(await computed('--set', 'measure.config.factor=10')).toEqual(['measure run 6']);
  const variant = readdirSync(workspace.path('artifacts/toy')).find((name) => name.startsWith('set-'));
  expect(variant).toMatch(/^set-measure-config-factor-10-/);
  expect(workspace.json(`artifacts/toy/${variant}/seed-1/measure/metrics.json`)).toMatchObject([{ value: 60 }]);
  expect(workspace.json('artifacts/toy/base/seed-1/measure/metrics.json')).toMatchObject([{ value: 6 }]);
});

test('a role that a stage may have is part of its key where it is filled', async () => {
  const { stages } = toyExperiment;
  const init = { ...stages.pretrain, config: { value: 7 } };
  const begun = { ...stages.pretrain, needs: { dataset: 'data/few', init: 'init' } };
  workspace.write(experimentFile, { ...toyExperiment, stages: { ...stages, init, pretrain: begun } });
  const twice = [...everything.slice(0, 3), 'toy start 1', 'toy end 1', 'measure run 6'];
  expect(await computed()).toEqual(twice);
  workspace.write(experimentFile, {
    ...toyExperiment,
    stages: { ...stages, init: { ...init, config: { value: 8 } }, pretrain: begun },
  });
  // Its checkpoint is the same bytes as before, so that the evaluation stands.
  expect(await computed()).toEqual(twice.slice(1, -1));
});

test('a dry run goes through and keeps nothing', async () => {
  const { code, output } = await workspace.run('run', 'toy', '--dry-run');
  expect(output).toContain('dry run went through');
  expect(code).toBe(0);
  expect(workspace.log()).toEqual(everything);
  expect(readdirSync(workspace.path('artifacts'))).not.toContain('toy');
  expect(readdirSync(workspace.path('artifacts/work'))).toEqual(['few']);
});

test('bad configs and an unwritable artifacts folder are told before any work', async () => {
  const failing = async (content: object): Promise<string> => {
    workspace.write(experimentFile, content);
    const { code, output } = await workspace.run('run', 'toy');
    expect(code).toBe(1);
    expect(output).not.toContain('    at ');
    return output;
  };
  const { stages } = toyExperiment;
  const measure = { ...stages.measure, config: { facto: 2 } };
  expect(await failing({ ...toyExperiment, stages: { ...stages, measure } })).toMatch(
    /did you mean 'factor'[\s\S]*field: {2}stages\.measure\.config\.facto/,
  );
  const roleless = { ...stages.pretrain, needs: {} };
  expect(await failing({ ...toyExperiment, stages: { ...stages, pretrain: roleless } })).toMatch(
    /needs a 'dataset'[\s\S]*stages\.pretrain\.needs\.dataset/,
  );
  const calling = { ...stages.pretrain, config: { value: 101 } };
  expect(await failing({ ...toyExperiment, stages: { ...stages, pretrain: calling } })).toMatch(
    /needs a 'generator'[\s\S]*stages\.pretrain\.needs\.generator/,
  );
  const idle = { ...stages.pretrain, needs: { dataset: 'data/few', generator: 'data/few' } };
  expect(await failing({ ...toyExperiment, stages: { ...stages, pretrain: idle } })).toMatch(
    /has no use for a 'generator'[\s\S]*stages\.pretrain\.needs\.generator[\s\S]*needs: dataset\. It may have: init\./,
  );
  rmSync(workspace.path('artifacts'), { recursive: true });
  workspace.write('artifacts', 'a file where a folder should be');
  expect(await failing(toyExperiment)).toMatch(/artifacts folder cannot be written[\s\S]*SELFSUP_ARTIFACTS/);
  expect(workspace.log()).toEqual([]);
});

test('a second runner waits for the first and then finds the stage done; a killed one is taken over from', async () => {
  const slow = { ...toyExperiment.stages.pretrain, config: { value: 3, seconds: 4 } };
  workspace.write(experimentFile, { ...toyExperiment, stages: { ...toyExperiment.stages, pretrain: slow } });
  const started = async (times: number): Promise<void> => {
    while (workspace.log().filter((line) => line === 'toy start 1').length < times) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await workspace.run('ingest', 'few');
  const killed = workspace.start('stage', 'toy', 'pretrain');
  await started(1);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const first = workspace.start('stage', 'toy', 'pretrain');
  await started(2);
  const { code, output } = await workspace.run('stage', 'toy', 'pretrain');
  expect(output).toContain('is at this already; waiting');
  expect(code).toBe(0);
  expect(workspace.log()).toEqual(['ingest run', 'toy start 1', 'toy start 1', 'toy end 1']);
  expect(first.exitCode ?? (await once(first, 'exit'))[0]).toBe(0);
});

test('a stop says how to go on and exits with 130', async () => {
  const slow = { ...toyExperiment.stages.pretrain, config: { value: 3, seconds: 60 } };
  workspace.write(experimentFile, { ...toyExperiment, stages: { ...toyExperiment.stages, pretrain: slow } });
  const child = workspace.start('run', 'toy');
  let output = '';
  child.stderr!.on('data', (text: Buffer) => {
    output += text.toString();
    if (output.includes('pretrain: started')) child.kill('SIGINT');
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(130);
  expect(output).toContain('Run the same command again to go on');
});

test('sources get the folder of the data, which is relative to the workspace wherever the command is typed', async () => {
  workspace.write(
    'packages/data/src/ingest/resolve.ts',
    `import { appendFileSync } from 'node:fs';
export async function resolveSource({ config: { sources: [source] }, dataFolder }: any) {
  appendFileSync(process.env.TRACE!, 'data: ' + dataFolder + '\\n');
  return { type: source.type, config: source, fallback: false, chosen: 'numbers', route: 'made up', identity: source };
}\n`,
  );
  for (const cwd of [workspace.root, workspace.path('pipelines/datasets')]) {
    await workspace.runWith({ cwd, env: { SELFSUP_DATA: 'my data' } }, 'ingest', 'few');
  }
  const folders = workspace.log().filter((line) => line.startsWith('data'));
  expect([...new Set(folders)]).toEqual([`data: ${join(realpathSync(workspace.root), 'my data')}`]);
});

test('--full-hash of run and ingest reaches the source', async () => {
  workspace.write(
    'packages/data/src/ingest/resolve.ts',
    `import { appendFileSync } from 'node:fs';
export async function resolveSource({ config: { sources: [source] }, fullHash }: any) {
  appendFileSync(process.env.TRACE!, 'look, all of it: ' + (fullHash ?? false) + '\\n');
  return { type: source.type, config: source, fallback: false, chosen: 'numbers', route: 'made up', identity: source };
}\n`,
  );
  const looks = (log: readonly string[]): string[] => [...new Set(log.filter((line) => line.startsWith('look')))];
  expect(looks(await computed('--full-hash'))).toEqual(['look, all of it: true']);
  expect(looks(await computed('--full-hash'))).toEqual(['look, all of it: true']);
  expect(looks(await computed())).toEqual(['look, all of it: false']);
  const before = workspace.log().length;
  expect((await workspace.run('ingest', 'few', '--full-hash')).output).toContain('data/few: done already');
  expect(workspace.log().slice(before)).toEqual(['look, all of it: true']);
});

test('under Nx a stage and a dataset decide their key once', async () => {
  workspace.write(
    'packages/data/src/ingest/resolve.ts',
    `import { appendFileSync } from 'node:fs';
export async function resolveSource({ config: { sources: [source] } }: any) {
  appendFileSync(process.env.TRACE!, 'look\\n');
  return { type: source.type, config: source, fallback: false, chosen: 'numbers', route: 'made up', identity: source };
}\n`,
  );
  const env = { NX_TASK_TARGET_PROJECT: 'data-few' };
  expect((await workspace.runWith({ env }, 'ingest', 'few')).output).toContain('data/few: done in');
  expect(workspace.log()).toEqual(['look', 'ingest run']);
  expect((await workspace.runWith({ env }, 'ingest', 'few')).output).toContain('data/few: done already');
  expect(workspace.log()).toEqual(['look', 'ingest run', 'look']);
  const stage = () => workspace.runWith({ env }, 'stage', 'toy', 'pretrain');
  expect((await stage()).output).toContain('pretrain: done in');
  expect((await stage()).output).toContain('pretrain: done already');
  expect(workspace.log().slice(3)).toEqual(['toy start 1', 'toy end 1']);
});

test('a stage alone says before it computes that a later one names a split that its dataset has not', async () => {
  workspace.write(
    'packages/eval/src/evaluations/measure/measure.ts',
    `import { z } from 'zod';
export default {
  schema: z.strictObject({ test: z.strictObject({ split: z.string() }) }), roles: ['encoder', 'dataset'],
  run: async () => ({ metrics: [] }),
};\n`,
  );
  const measure = (split: string) => ({
    ...{ uses: 'eval/measure', needs: { encoder: 'pretrain', dataset: 'data/few' } },
    config: { test: { split } },
  });
  const { stages, ...about } = toyExperiment;
  workspace.write(experimentFile, { ...about, stages: { ...stages, measure: measure('tset') } });
  const { code, output } = await workspace.run('stage', 'toy', 'pretrain');
  expect(code).toBe(1);
  expect(output).toContain('stages.measure.config.test.split');
  expect(workspace.log()).toEqual(['ingest run']);
  workspace.write(experimentFile, { ...about, stages: { ...stages, measure: measure('train') } });
  expect((await workspace.run('stage', 'toy', 'pretrain')).code).toBe(0);
});
