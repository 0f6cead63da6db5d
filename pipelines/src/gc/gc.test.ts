import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { isWhole, storeBlob } from '../store/store.ts';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';
import { findGarbage } from './garbage.ts';

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = createTestWorkspace();
});
afterEach(() => workspace.remove());

const blobAt = (digest: string): string => workspace.path('artifacts/store/sha256', digest.slice(0, 2), digest);
const gc = (...args: string[]): Promise<{ code: number; output: string }> =>
  workspace.run('gc', '--min-age', '0', ...args);

function blob(content: string): string {
  const path = blobAt(sha256(content));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A published stage that names a blob, of any version of the manifest. */
function published(folder: string, content: string, schema = 1): string {
  workspace.write(`${folder}/manifest.json`, { schema, blobs: { w: { sha256: sha256(content) } }, files: {} });
  return blob(content);
}

test('what linked folders name stays, loops among them included', async () => {
  published('artifacts/toy/base/seed-1/pretrain', 'here');
  const linked = published('elsewhere/seed-2/pretrain', 'behind a link');
  symlinkSync(workspace.path('elsewhere/seed-2'), workspace.path('artifacts/toy/base/seed-2'));
  symlinkSync(workspace.path('artifacts'), workspace.path('artifacts/toy/again'));
  const orphan = blob('named by nobody');
  const { code, output } = await gc('--yes');
  expect(output).toContain('Removed 1 blobs and folders');
  expect(code).toBe(0);
  expect([existsSync(linked), existsSync(orphan)]).toEqual([true, false]);
});

test('what others name that publish into the same store stays', async () => {
  const shared = published('other-workspace/artifacts/toy/base/seed-1/pretrain', 'of the other');
  const folder = workspace.path('other-workspace/artifacts/toy/base/seed-1/pretrain');
  workspace.write('artifacts/store/keys/ab/abcd.json', { folder });
  expect((await gc('--yes')).output).toContain('Removed 0 blobs');
  expect(existsSync(shared)).toBe(true);
});

test.each([
  ['a torn manifest', /the manifest is torn/, (path: string) => writeFileSync(path, '{"schema": 1, "blo')],
  [
    'a newer manifest',
    /schema 99, of a newer Selfsup/,
    (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('"schema": 1', '"schema": 99')),
  ],
  [
    'a link to a disk that is not there',
    /ENOENT/,
    (path: string) => {
      rmSync(dirname(path), { recursive: true });
      symlinkSync('/not-mounted/pretrain', dirname(path));
    },
  ],
])('%s: nothing is removed, and it is named', async (_what, words, change) => {
  const path = workspace.path('artifacts/toy/base/seed-1/pretrain/manifest.json');
  const used = published('artifacts/toy/base/seed-1/pretrain', 'in use');
  const orphan = blob('named by nobody');
  change(path);
  const { code, output } = await gc('--yes');
  expect(code).toBe(1);
  expect(output).toMatch(words);
  expect(output).toContain('artifacts/toy/base/seed-1/pretrain');
  expect(output).toContain('remedy:');
  expect([existsSync(used), existsSync(orphan)]).toEqual([true, true]);
});

test('what an earlier version named stays after an update', async () => {
  const old = published('artifacts/toy/base/seed-1/pretrain', 'of version 0', 0);
  expect((await gc('--yes')).output).toContain('Removed 0 blobs');
  expect(existsSync(old)).toBe(true);
});

test('without a terminal and without --yes it shows what would go, removes nothing and fails', async () => {
  const orphan = blob('named by nobody');
  const { code, output } = await gc();
  expect(code).toBe(1);
  expect(output).toMatch(/store\/sha256\/.*: 15 bytes, unchanged for .* s, a blob that no result names/);
  expect(output).toContain('Nothing was removed of 1 blobs and folders');
  const dry = await gc('--dry-run');
  expect([dry.code, dry.output]).toEqual([0, expect.stringContaining('Would remove 1 blobs')]);
  expect(existsSync(orphan)).toBe(true);
  rmSync(orphan);
  expect((await gc()).code).toBe(0);
});

const script = spawnSync('script', ['--version']).status === 0;
if (!script) console.log('Skipped: there is no `script` here to make a terminal with.');

test.skipIf(!script)('on a terminal it asks, and takes yes alone for a yes', () => {
  const orphan = blob('named by nobody');
  const command = `${process.execPath} pipelines/bin/selfsup.mjs gc --min-age 0`;
  const answered = (input: string): string =>
    spawnSync('script', ['-qec', command, '/dev/null'], { cwd: workspace.root, input, encoding: 'utf8' }).stdout;
  expect(answered('\n')).toContain('Remove 1 blobs and folders, 15 bytes? [y/N]');
  expect(existsSync(orphan)).toBe(true);
  expect(answered('y\n')).toContain('Removed 1 blobs');
  expect(existsSync(orphan)).toBe(false);
});

test('a dry run that is at work stays, one that was killed goes', async () => {
  const { stages } = toyExperiment;
  const slow = { ...stages.pretrain, config: { value: 3, seconds: 60 } };
  workspace.write('pipelines/experiments/toy/experiment.json', {
    ...toyExperiment,
    stages: { ...stages, pretrain: slow },
  });
  const command = workspace.start('run', 'toy', '--dry-run');
  while (!workspace.log().some((line) => line.startsWith('toy start'))) await sleep(50);
  mkdirSync(workspace.path('artifacts/work/dry-run-killed/work'), { recursive: true });
  expect((await gc('--yes')).output).toMatch(/dry-run-killed: .* a dry run that was killed\nRemoved 1 blobs/);
  const ended = once(command, 'close');
  command.kill('SIGTERM');
  expect((await ended)[0]).toBe(130);
});

test('unfinished work is spared for a week or as long as asked, and while a process is at it', async () => {
  const { stages } = toyExperiment;
  const slow = { ...stages.pretrain, config: { value: 3, seconds: 60 } };
  workspace.write('pipelines/experiments/toy/experiment.json', {
    ...toyExperiment,
    stages: { ...stages, pretrain: slow },
  });
  const command = workspace.start('stage', 'toy', 'pretrain');
  while (!workspace.log().some((line) => line.startsWith('toy start'))) await sleep(50);
  const unit = 'artifacts/work/toy/base/seed-1/pretrain';
  const setAside = `${unit}/${'5'.repeat(12)}`;
  const [attempt] = readdirSync(workspace.path(unit)).filter((name) => name !== 'lease');
  workspace.write(`${unit}/files/live`, 'of an earlier version');
  expect((await gc('--yes')).output).toContain('Removed 0 blobs');
  const ended = once(command, 'close');
  command.kill('SIGKILL');
  await ended;
  workspace.write(`${setAside}/files/live`, 'of another key');
  expect((await workspace.run('gc', '--dry-run')).output).toContain('Would remove 0 blobs');
  const { output } = await gc('--yes');
  expect(output).toMatch(/pretrain\/files: 21 bytes, unchanged for .*, a piece of unfinished work\n/);
  expect(output).toMatch(/pretrain\/5{12}: 14 bytes, unchanged for .*, a piece of unfinished work\n/);
  expect(output).toMatch(new RegExp(`pretrain/${attempt}: \\d kB`));
  expect(output).toContain('Removed 3 blobs');
  expect(readdirSync(workspace.path(unit))).toEqual([]);
});

test.each([
  ['a file', () => workspace.write('new', { weights: [1, 2] })],
  ['a folder', () => workspace.write('new/data.mdb', { records: 2 })],
])('a blob (%s) that a stage stores again once gc has found it stays, with its proof', async (_what, make) => {
  const root = workspace.path('artifacts');
  const artifacts = { root, stages: root, store: workspace.path('artifacts/store') };
  make();
  const { sha256: digest } = await storeBlob(artifacts.store, workspace.path('new'));
  const found = await findGarbage(artifacts, { blobs: 0, unfinishedWork: 0 });
  expect(found.map(({ path }) => path)).toEqual([blobAt(digest)]);
  make();
  expect(await storeBlob(artifacts.store, workspace.path('new'))).toMatchObject({ sha256: digest });
  expect(await found[0]!.remove()).toBe(false);
  expect(await isWhole(artifacts.store, digest)).toBe(true);
  // The same, found anew and touched by nobody, goes, and nothing of it is left.
  for (const one of await findGarbage(artifacts, { blobs: 0, unfinishedWork: 0 })) await one.remove();
  const left = readdirSync(artifacts.store, { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => name.includes(digest))).toEqual([]);
});

test('a copy from another disk that was not finished goes', async () => {
  const copy = blob('to be').replace(/([^/]*)$/, '.$1.0a1b2c3d.tmp');
  writeFileSync(copy, 'to');
  expect((await gc('--yes')).output).toMatch(/a copy that was not finished\n[^]*Removed 2 blobs/);
  expect(existsSync(copy)).toBe(false);
});

test.each(['abc', '-1', '', 'Infinity'])("an age of '%s' is refused by name", async (age) => {
  const orphan = blob('named by nobody');
  const { code, output } = await workspace.run('gc', '--yes', '--min-age', age);
  expect(code).toBe(1);
  expect(output).toMatch(/--min-age <minutes>.*Give a number from 0 on/);
  expect(existsSync(orphan)).toBe(true);
});
