import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '@selfsup/kit/testing/temporary-folder';
import { fakeSlurm, type FakeSlurm } from '../testing/fake-slurm.ts';

const script = fileURLToPath(new URL('element.sh', import.meta.url));

let folder: string;
let slurm: FakeSlurm;
beforeEach(() => {
  folder = temporaryFolder('element');
  for (const name of ['elements', 'state', 'waiters']) mkdirSync(join(folder, name));
  slurm = fakeSlurm(join(folder, 'bin'));
});

/** Runs element 2 of the array `pretrain`, whose stage is a line of bash. */
function start(stage: string, { restarts = '0', most = '30', patience = '90', env = {} } = {}) {
  const command = `bash -c '${stage.replaceAll("'", `'\\''`)}'`;
  writeFileSync(join(folder, 'elements/pretrain.tsv'), `\n\n${join(folder, 'work')}\t${command}\n`);
  const child = spawn('bash', [script, folder, 'pretrain', most, patience], {
    env: {
      ...process.env,
      PATH: slurm.path,
      SLURM_JOB_ID: '9',
      SLURM_ARRAY_JOB_ID: '7',
      SLURM_ARRAY_TASK_ID: '2',
      SLURM_RESTART_COUNT: restarts,
      SLURM_CPUS_PER_TASK: '3',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const said = async (words: string): Promise<void> => {
    while (!output.includes(words)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const ended = new Promise<{ code: number | null; signal: string | null; output: string }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, output })),
  );
  return { child, said, ended };
}

const mark = (): string => readFileSync(join(folder, 'state/pretrain-2'), 'utf8').trim();
const called = (name: string): string[] => slurm.calls().filter((line) => line.startsWith(name));

test('a stage that ends well is done; it has the threads that the job has cores', async () => {
  const { code, output } = await start('echo "threads $SELFSUP_THREADS"').ended;
  expect(code).toBe(0);
  expect(output).toContain('threads 3');
  expect(mark()).toBe('done');
  expect(called('scontrol requeue')).toEqual([]);
});

test('one that fails fails, and takes those that wait for it out of the queue', async () => {
  writeFileSync(join(folder, 'waiters/pretrain'), '11 corr\n12 all\n');
  expect((await start('exit 3').ended).code).toBe(3);
  expect(mark()).toBe('failed 3');
  expect(called('scancel')).toEqual(['scancel 11_2', 'scancel 12']);
});

test.each([75, 130])('one that ends with %i goes back into the queue by its own number', async (code) => {
  expect((await start(`exit ${code}`, { restarts: '4' }).ended).signal).toBe('SIGKILL');
  expect(called('scontrol requeue')).toEqual(['scontrol requeue 7_2']);
  expect(mark()).toBe('requeued 4');
});

test('TERM is handed on once; a second one cuts no save', async () => {
  const stage = `trap 'echo told; sleep 1; echo saved; exit 130' TERM; echo begun; for i in {1..100}; do sleep 0.1; done`;
  const { child, said, ended } = start(stage);
  await said('\nbegun\n');
  child.kill('SIGTERM');
  await said('\ntold\n');
  child.kill('SIGTERM');
  const { output } = await ended;
  expect(output.match(/^told$/gm)).toHaveLength(1);
  expect(output).toContain('saved');
  expect(mark()).toBe('requeued 0');
});

test('asked to stop before it could listen, it goes back into the queue', async () => {
  const { child, said, ended } = start('echo begun; exec sleep 20');
  await said('\nbegun\n');
  child.kill('SIGTERM');
  expect((await ended).output).toContain('exit 143');
  expect(mark()).toBe('requeued 0');
});

test('what does not stop in time goes back into the queue as it is', async () => {
  const { child, said, ended } = start("trap '' TERM; echo begun; sleep 3", { patience: '0' });
  await said('\nbegun\n');
  child.kill('SIGTERM');
  const { output, signal } = await ended;
  expect(output).toContain('still at work after 0 seconds');
  expect(signal).toBe('SIGKILL');
  expect(mark()).toBe('requeued 0');
});

test.each([
  ['the submission was cancelled', () => writeFileSync(join(folder, 'cancelled'), '')],
  ['the job was cancelled', () => writeFileSync(join(folder, 'bin/job'), 'COMPLETING')],
  ['Slurm refuses', () => writeFileSync(join(folder, 'bin/refuse-requeue'), '')],
])('stopped, it never counts as done: %s', async (_, prepare) => {
  prepare();
  writeFileSync(join(folder, 'waiters/pretrain'), '11 corr\n');
  expect((await start('exit 130').ended).code).toBe(130);
  expect(mark()).toBe('cancelled');
  expect(called('scancel')).toEqual(['scancel 11_2']);
});

test('one that Slurm has put back already is not put back again', async () => {
  writeFileSync(join(folder, 'bin/job'), 'COMPLETING');
  writeFileSync(join(folder, 'bin/restarts'), '1');
  const { child, said, ended } = start('bash -c "exit 130"');
  await said(' exit 130\n');
  while (mark() !== 'requeued 0') await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  await ended;
  expect(called('scontrol requeue')).toEqual([]);
  expect(mark()).toBe('requeued 0');
});

test('starts that bring it no further are counted, and ended by name', async () => {
  const live = join(folder, 'work/0123456789ab/files/live');
  const stage = (step: number): string => `mkdir -p ${live}; echo "step ${step}" > ${live}/step; exit 130`;
  const once = (step: number) => start(stage(step), { most: '2' }).ended;
  for (const step of [1, 2, 2]) expect((await once(step)).signal).toBe('SIGKILL');
  // Nothing but what changes at each start.
  mkdirSync(join(folder, 'work/lease'));
  for (const name of ['lease/held-1', '0123456789ab/attempt.json', 'progress.json', '0123456789ab/files/metrics.jsonl'])
    writeFileSync(join(folder, 'work', name), String(Math.random()));
  expect((await once(2)).signal).toBe('SIGKILL');
  const { code, output } = await once(2);
  expect(code).toBe(1);
  expect(output).toContain('error: 2 starts in a row have brought this stage no further');
  expect(output).toContain('--time=');
  expect(mark()).toBe('failed 1');
});

test('so are those that leave nothing at all', async () => {
  for (let i = 0; i < 2; i++) expect((await start('exit 130', { most: '2' }).ended).signal).toBe('SIGKILL');
  expect((await start('exit 130', { most: '2' }).ended).code).toBe(1);
  expect(existsSync(join(folder, 'work'))).toBe(false);
});
