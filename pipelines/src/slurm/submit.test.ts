import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeSlurm, type FakeSlurm } from '../testing/fake-slurm.ts';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';
import { waitersOf } from './submit.ts';

let workspace: TestWorkspace;
let slurm: FakeSlurm;
beforeEach(() => {
  workspace = createTestWorkspace();
  workspace.write('pipelines/experiments/toy/experiment.json', { ...toyExperiment, seeds: [1, 2] });
  slurm = fakeSlurm(workspace.path('bin'));
});
afterEach(() => workspace.remove());

const selfsup = (...args: string[]) => workspace.runWith({ env: { PATH: slurm.path } }, ...args);
const submitted = (): string[] => slurm.calls().filter((line) => /^sbatch --parsable/.test(line));
const folders = (): string[] =>
  existsSync(workspace.path('artifacts/slurm')) ? readdirSync(workspace.path('artifacts/slurm')) : [];

test('who waits for an element: of the same number along aftercorr, all of an array along afterok', () => {
  const array = (name: string, ...after: [kind: 'aftercorr' | 'afterok' | 'afterany', array: string][]) => ({
    ...{ name, job: `job of ${name}` },
    after: after.map(([kind, one]) => ({ kind, array: one })),
  });
  const arrays = [
    array('pretrain'),
    array('features', ['aftercorr', 'pretrain']),
    array('linear', ['aftercorr', 'features']),
    array('knn', ['afterok', 'features']),
    array('after-knn', ['aftercorr', 'knn']),
    array('report', ['afterany', 'pretrain'], ['afterany', 'linear']),
  ];
  const waiters = (name: string): Record<string, string> =>
    Object.fromEntries(waitersOf(name, arrays).map(({ job, how }) => [job.slice(7), how]));
  expect(waiters('pretrain')).toEqual({ features: 'corr', linear: 'corr', knn: 'all', 'after-knn': 'all' });
  expect(waiters('knn')).toEqual({ 'after-knn': 'corr' });
  expect(waiters('report')).toEqual({});
});

test('an experiment becomes an array a stage; its folder says all that a node and jobs need', async () => {
  const { code, output } = await selfsup('submit', 'toy', '--partition', 'low', '--cpus', '2', '--', '--time=60');
  expect(output).toContain('Submitted 5 of 5 stages');
  expect(code).toBe(0);
  const jobs = submitted();
  expect(jobs).toHaveLength(4);
  expect(jobs[0]).toMatch(/--job-name=toy:data-few .*--cpus-per-task=2 --hold --partition=low --time=60 /);
  expect(jobs[1]).toMatch(/--job-name=toy:pretrain .*--array=0-1%16 --dependency=afterok:101 /);
  expect(jobs[2]).toMatch(/--job-name=toy:measure .*--array=0-1%16 --dependency=aftercorr:102 /);
  expect(jobs[3]).toMatch(/--job-name=toy:report .*--dependency=afterany:101,afterany:102,afterany:103 /);
  expect(slurm.calls().at(-1)).toBe('scontrol release 101');
  const [name] = folders();
  const read = (file: string): string => readFileSync(workspace.path('artifacts/slurm', name!, file), 'utf8');
  expect(read('waiters/pretrain')).toBe('103 corr\n');
  expect(read('waiters/data-few')).toBe('102 all\n103 all\n');
  const [first, second] = read('elements/pretrain.tsv').split('\n');
  expect(first).toMatch(/work\/toy\/base\/seed-1\/pretrain\t.* stage toy pretrain --variant base --seed 1 --alone$/);
  expect(second).toMatch(/--seed 2 --alone$/);
  expect(read('elements/report.tsv')).toMatch(/ report toy\n$/);
  slurm.queue('101|N/A|PENDING|Resources|N/A\n');
  expect((await selfsup('jobs')).output).toMatch(/data-few +1 waits \(for a node\)/);
  const cancelled = await selfsup('cancel');
  expect(cancelled.output).toMatch(
    /: 1 cancelled. To go on: selfsup submit toy --cpus 2 -- --partition=low --time=60\n/,
  );
  expect(slurm.calls().at(-1)).toBe('scancel 101 102 103 104');
});

test('what is done is not submitted again; when all is, the report is written', async () => {
  expect((await workspace.run('run', 'toy', '--seed', '1')).code).toBe(0);
  const { output } = await selfsup('submit', 'toy');
  expect(output).toContain('Submitted 2 of 5 stages');
  expect(submitted()[0]).toMatch(/pretrain .*--array=1%16 --hold/);
  await workspace.run('run', 'toy');
  expect((await selfsup('submit', 'toy')).output).toMatch(/all 5 stages are done already\nReport: /);
});

test('--dry-run prints the commands and touches nothing', async () => {
  const { code, output } = await selfsup('submit', 'toy', '--set', 'measure.config.factor=1,2', '--dry-run');
  expect(code).toBe(0);
  expect(output).toMatch(/^sbatch .*:pretrain .*--dependency='?afterok:<data-few>'? /m);
  expect(output).toMatch(/^sbatch .*:pretrain-2 .*afterok:<pretrain>/m);
  expect(output).toMatch(/^scontrol release <data-few>$/m);
  expect(slurm.calls()).toEqual(['sbatch --version']);
  expect(folders()).toEqual([]);
});

test.each([
  [['submit', 'toi'], /did you mean 'toy'/],
  [['submit', 'toy', '--partition', 'lo'], /Unknown partition 'lo'; did you mean 'low'/],
  [['submit', 'toy', '--', '--array=1'], /--array is set by the submission itself/],
  [['submit', 'toy', '--set', 'measure.config.factr=1,2'], /did you mean 'factor'/],
  [['submit', 'toy', '--stage', 'mesure'], /did you mean 'measure'/],
  [['submit', 'toy', '--', '--ntasks=4'], /each stage is one process/],
  [['submit', 'toy', '--', '--mem=1T'], /sbatch refuses: Batch job submission failed/],
])('%j is refused before anything is submitted', async (args, says) => {
  writeFileSync(workspace.path('bin/refuse'), '--mem=1T\n');
  const { code, output } = await selfsup(...args);
  expect(code).toBe(1);
  expect(output).toMatch(says);
  expect(submitted()).toEqual([]);
  expect(folders()).toEqual([]);
});

test('where Slurm refuses one array, those before it are called off', async () => {
  writeFileSync(workspace.path('bin/refuse'), ':measure\n');
  const { code, output } = await selfsup('submit', 'toy');
  expect(code).toBe(1);
  expect(output).toContain('What had been submitted before was called off');
  expect(slurm.calls().at(-1)).toBe('scancel 101 102');
  expect(folders()).toEqual([]);
});

test('a cluster that gives no answer is told as that', async () => {
  const words = 'sbatch: error: Unable to contact slurm controller (connect failure)';
  const silent = `case "$*" in *--version*) exit 0;; esac; echo '${words}' >&2; exit 1`;
  writeFileSync(workspace.path('bin/sbatch'), `#!/bin/bash\n${silent}\n`);
  const { code, output } = await selfsup('submit', 'toy');
  expect(code).toBe(1);
  expect(output).toMatch(/sbatch is installed here, but reaches no cluster \(Unable to .*\)\n +remedy: See that sinfo/);
  expect(folders()).toEqual([]);
});

test('a stage on a node fails where what it needs is missing, and computes nothing else', async () => {
  const { code, output } = await workspace.run('stage', 'toy', 'measure', '--alone');
  expect(code).toBe(1);
  expect(output).toMatch(
    /measure needs toy seed 1: pretrain, which is missing[\s\S]*remedy: Make it first: selfsup stage/,
  );
  expect(workspace.log()).toEqual([]);
});

test('without Slurm the same command runs here', async () => {
  const here = (...args: string[]) =>
    workspace.runWith({ env: { PATH: workspace.path('nothing') } }, 'submit', 'toy', ...args);
  expect((await here('--dry-run')).output).toMatch(/^scontrol [^]*without --dry-run it would run on this machine/m);
  expect(workspace.log()).toEqual([]);
  const { code, output } = await here('--partition', 'low', '--', '--time=60');
  expect(output).toContain('Slurm is not installed here');
  expect(output).toContain('it runs on this machine, without --partition=low --time=60.\n');
  expect(output).toContain('Report: ');
  expect(code).toBe(0);
  expect(workspace.log().filter((line) => line.startsWith('measure'))).toHaveLength(2);
  expect((await workspace.run('jobs')).output).toContain('Nothing has been submitted from here');
});
