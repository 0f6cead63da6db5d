import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';
import type { Manifest, RunRecord } from './manifest.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = createTestWorkspace();
  // Both go on with what they find, and are interrupted where STOP says so.
  const resumed = `trace(existsSync(join(workFolder, 'begun')) ? 'goes on' : 'begins');
    writeFileSync(join(workFolder, 'begun'), 'half');
    if (process.env.STOP) { const e = new Error('stopped'); e.name = 'Interrupted'; throw e; }`;
  const importing = "if (config.value < 0) await import('@tensorflow/tfjs-node-gpu');";
  edit('packages/tasks/src/pretext/toy/toy.ts', `trace('start '`, `${importing}\n${resumed}\ntrace('start '`);
  edit('packages/data/src/ingest/ingest.ts', `import { mkdirSync`, `import { existsSync, mkdirSync`);
  edit('packages/data/src/ingest/ingest.ts', `trace('run')`, `${resumed}\ntrace('run')`);
  Object.assign(workspace.environment, { SELFSUP_THREADS: '2', SELFSUP_EXACT: undefined });
  await workspace.run('ingest', 'few');
});
afterEach(() => workspace.remove());

const work = 'artifacts/work/toy/base/seed-1/pretrain';
const manifest = (): Manifest => workspace.json<Manifest>('artifacts/toy/base/seed-1/pretrain/manifest.json');
const attempts = (): string[] => readdirSync(workspace.path(work)).sort();

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(workspace.path(path), 'utf8');
  expect(text).toContain(from);
  workspace.write(path, text.replace(from, to));
}

function configure(value: number): void {
  const { pretrain, measure } = toyExperiment.stages;
  const stages = { pretrain: { ...pretrain, config: { value } }, measure };
  workspace.write('pipelines/experiments/toy/experiment.json', { ...toyExperiment, stages });
}

/** Runs a command, `stop`ping half-way or not: what was done, and what it said. */
async function run(stop: 'stop' | 'end', ...args: string[]): Promise<{ did: string[]; output: string }> {
  workspace.environment['STOP'] = stop === 'stop' ? '1' : '';
  const before = workspace.log().length;
  const { code, output } = await workspace.run(...args);
  expect(code, output).toBe(stop === 'stop' ? 130 : 0);
  return { did: workspace.log().slice(before), output };
}

const pretrain = (stop: 'stop' | 'end', ...args: string[]) => run(stop, 'stage', 'toy', 'pretrain', ...args);

test('what no longer fits stays, is named with reason and commands, and is resumed when all is as it was', async () => {
  await pretrain('stop');
  const [name] = attempts();
  configure(4);
  const { did, output } = await pretrain('stop');
  expect(did).toEqual(['toy begins']);
  expect(output).toMatch(/unfinished work of [\d-]+ [\d:]+ UTC lies aside \(\d kB, artifacts\/work\/toy/);
  expect(output).toContain('  config: value: 3 -> 4\n  It is resumed as soon as that is as it was.');
  expect(output).toContain(`selfsup discard toy pretrain --variant base --seed 1 --work ${name}`);
  expect(output).not.toContain('selfsup accept');
  expect(attempts()).toHaveLength(2);
  configure(3);
  expect((await pretrain('end')).did).toEqual(['toy goes on', 'toy start 1', 'toy end 1']);
  expect(attempts()).not.toContain(name);
  const [other] = attempts();
  expect((await workspace.run('discard', 'toy')).output).toMatch(new RegExp(`^${other}: \\d kB[\\s\\S]*--all`));
  expect((await workspace.run('discard', 'toy', '--work', 'nothing')).code).toBe(1);
  expect((await workspace.run('discard', 'toy', 'pretrain', '--work', other!)).output).toContain(`Removed ${other}`);
  expect((await workspace.run('discard', 'toy')).output).toContain('no unfinished work');
});

test('discard refuses what neither the files name nor any work was begun under', async () => {
  await pretrain('stop');
  for (const [args, says] of [
    [['tyo'], /Unknown experiment 'tyo'; did you mean 'toy'\?/],
    [['toy', 'pretrian'], /Unknown stage 'pretrian'; did you mean 'pretrain'\?/],
    [['toy', '--variant', 'bse', '--all'], /Unknown variant 'bse'; did you mean 'base'\?/],
    [['data/fwe'], /Unknown dataset 'fwe'; did you mean 'few'\?/],
  ] as const) {
    expect(await workspace.run('discard', ...args)).toEqual({ code: 1, output: expect.stringMatching(says) });
  }
  expect((await workspace.run('discard', 'toy', 'measure')).output).toBe('toy: no unfinished work\n');
  // What was begun can be removed when its experiment is gone.
  rmSync(workspace.path('pipelines/experiments/toy'), { recursive: true });
  expect((await workspace.run('discard', 'toy', 'pretrain', '--all')).output).toMatch(/^Removed /);
});

test('why tells of unfinished work: what the next run goes on with, and what lies aside', async () => {
  await pretrain('stop');
  const why = async (): Promise<string> => (await workspace.run('why', 'toy', 'pretrain')).output;
  expect(await why()).toMatch(/would run, since\n {2}it has never been published\n.*: the next run goes on with it\n$/);
  for (const value of [4, 5, 6, 7]) {
    configure(value);
    await pretrain('stop');
  }
  configure(3);
  const output = await why();
  expect(output.match(/lies aside \(.*\), since\n {2}config: value: \d -> 3\n/g)).toHaveLength(3);
  expect(output).toContain('older unfinished work lies aside too (1): selfsup discard toy pretrain');
  await pretrain('end');
  expect(await why()).toMatch(/^toy seed 1: pretrain: done\n[\s\S]*lies aside/);
});

test('why explains a dataset too', async () => {
  expect(await workspace.run('why', 'data/few')).toEqual({ code: 0, output: 'data/few: done\n' });
  workspace.write('pipelines/datasets/few/dataset.json', { sources: [{ type: 'numbers', count: 5 }] });
  const { output } = await workspace.run('why', 'data/few');
  expect(output).toBe('data/few: would run, since\n  config: count: 3 -> 5\n');
  expect((await workspace.run('why', 'data/fwe')).output).toMatch(/did you mean 'few'/);
  expect((await workspace.run('accept', 'toy')).output).toMatch(/Which stage of toy\?[\s\S]*pretrain, measure/);
});

test('an ingestion that ended before it stored an image leaves nothing to go on with', async () => {
  const repository = fileURLToPath(new URL('../../..', import.meta.url));
  workspace.write(
    'packages/data/src/ingest/ingest.ts',
    `import { ingest as real } from '${join(repository, 'packages/data/src/ingest/ingest.ts')}';
export function ingest(options: any) {
  const { count } = options.resolved.config;
  async function* images() {
    for (let i = 0; i < count; i++) yield Promise.resolve({ entry: i, pixels: new Uint8Array(1), height: 1, width: 1, channels: 1 });
    throw new Error('the archive is cut off');
  }
  const entries = Array.from({ length: count + 1 }, (_, i) => ({ split: 'train', label: 0, path: String(i) }));
  const open = async () => ({ classes: ['a'], image: { height: 1, width: 1, channels: 1 }, entries, images });
  return real({ ...options, resolved: { ...options.resolved, open } });
}\n`,
  );
  for (const [count, left] of [
    [0, 'no unfinished work'],
    [5000, 'To remove one of these'],
  ] as const) {
    workspace.write('pipelines/datasets/few/dataset.json', { sources: [{ type: 'numbers', count }] });
    expect((await workspace.run('ingest', 'few')).output).toContain('the archive is cut off');
    expect((await workspace.run('discard', 'data/few')).output).toContain(left);
  }
});

test('a changed line of code sets work aside; accept goes on with it, and the manifest says so', async () => {
  await pretrain('stop');
  edit('packages/tasks/src/double.ts', 'value * 2', '2 * value');
  const { did, output } = await pretrain('stop');
  expect(did).toEqual(['toy begins']);
  expect(output).toMatch(/code: .*double[\s\S]*selfsup accept toy pretrain --variant base --seed 1\n/);
  const accepted = await workspace.run('accept', 'toy', 'pretrain');
  expect(accepted.output).toContain('unfinished work accepted; the next run goes on with it');
  const { did: then, output: said } = await pretrain('end');
  expect(then).toEqual(['toy goes on', 'toy start 1', 'toy end 1']);
  expect(said).toContain('newer work of the same key is resumed');
  expect(manifest()).toMatchObject({ acceptedFrom: expect.any(String), key: expect.any(String) });
  expect(manifest().acceptedFrom).not.toBe(manifest().code.key);
  expect((await pretrain('end')).did).toEqual([]);
});

test('a changed line of code sets an ingestion aside, which is accepted likewise', async () => {
  workspace.write('pipelines/datasets/many/dataset.json', { sources: [{ type: 'numbers', count: 9 }] });
  expect((await run('stop', 'ingest', 'many')).did).toEqual(['ingest begins']);
  edit('packages/data/src/ingest/ingest.ts', `'pages '`, `'leaves '`);
  const { did, output } = await run('stop', 'ingest', 'many');
  expect(did).toEqual(['ingest begins']);
  expect(output).toMatch(/code: .*ingest[\s\S]*selfsup accept data\/many\n[\s\S]*selfsup discard data\/many --work/);
  expect((await workspace.run('accept', 'data/many')).output).toContain('the next run goes on with it');
  expect((await run('end', 'ingest', 'many')).did).toEqual(['ingest goes on', 'ingest run']);
});

test('work is resumed in another place, which is recorded; where all must be exact it is set aside', async () => {
  await pretrain('stop');
  workspace.environment['SELFSUP_THREADS'] = '1';
  const exact = await pretrain('stop', '--exact');
  expect(exact.did).toEqual(['toy begins']);
  expect(exact.output).toContain('place: threads: "2" -> "1"\n  It is resumed when that is not asked for.');
  workspace.environment['SELFSUP_THREADS'] = '3';
  const { did, output } = await pretrain('end');
  expect(did[0]).toBe('toy goes on');
  expect(output).toMatch(/begun elsewhere \(threads 1 \/ 3\): its last bits may differ/);
  expect(manifest().places).toMatchObject([{ threads: '1' }, { threads: '3' }]);
  const run = workspace.json<RunRecord>('artifacts/toy/base/seed-1/pretrain/run.json');
  expect(run.place).toMatchObject({ threads: '3' });
  expect((await workspace.run('report', 'toy')).code).toBe(0);
  const report = readFileSync(workspace.path('artifacts/toy/report/index.html'), 'utf8');
  expect(report).toContain(
    'Computed in different places, so that results may differ in their last bits: threads 1 / 3.',
  );
});

test('--force begins anew, leaves other work alone, and goes on with its own after an interruption', async () => {
  await pretrain('stop');
  const forced = await pretrain('stop', '--force');
  expect(forced.did).toEqual(['toy begins']);
  expect(forced.output).toContain('--force asks for a computation from its beginning');
  expect((await pretrain('end', '--force')).did[0]).toBe('toy goes on');
  expect(attempts()).toHaveLength(1);
});

test('what an earlier version began is named and stays', async () => {
  mkdirSync(workspace.path(work, 'files'), { recursive: true });
  writeFileSync(workspace.path(work, 'files', 'begun'), 'half');
  const { did, output } = await pretrain('end');
  expect(did[0]).toBe('toy begins');
  expect(output).toContain('an earlier version of Selfsup began it');
  expect(attempts()).toEqual(['files']);
});
