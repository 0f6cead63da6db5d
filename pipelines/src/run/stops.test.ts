import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lossSignal } from '@selfsup/kit/lease';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = createTestWorkspace();
});
afterEach(() => workspace.remove());

function pretrainWith(config: object): void {
  const { stages } = toyExperiment;
  const pretrain = { ...stages.pretrain, config: { value: 3, ...config } };
  workspace.write('pipelines/experiments/toy/experiment.json', { ...toyExperiment, stages: { ...stages, pretrain } });
}

/** Waits for a line of the log that begins so, and gives the number at its end. */
async function logged(start: string): Promise<number> {
  for (;;) {
    const line = workspace.log().find((entry) => entry.startsWith(start));
    if (line !== undefined) return Number(line.split(' ').at(-1));
    await sleep(50);
  }
}

test('no further signal cuts a save, whichever process it is sent to', async () => {
  pretrainWith({ seconds: 60, saveSeconds: 3 });
  const command = workspace.start('run', 'toy', '--stage', 'pretrain');
  let said = '';
  command.stderr!.on('data', (text: Buffer) => (said += text.toString()));
  const closed = once(command, 'close');
  await logged('toy start');
  command.kill('SIGTERM');
  const stage = await logged('toy saving');
  // A scheduler sends it at once, a person after a second or two.
  for (const pause of [0, 1100]) {
    await sleep(pause);
    process.kill(stage, 'SIGTERM');
    process.kill(stage, 'SIGINT');
    command.kill('SIGINT');
  }
  let ended = false;
  void closed.then(() => (ended = true));
  // To the very end, so that one comes between the save and the end of the process too.
  for (; !ended; await sleep(10)) {
    try {
      process.kill(stage, 'SIGTERM');
    } catch {
      break;
    }
  }
  expect((await closed)[0]).toBe(130);
  expect(workspace.log().at(-1)).toBe(`toy saved ${stage}`);
  expect(said).toContain('what is begun is saved first');
  // Once, by the stage; the command that started it adds nothing.
  expect(said.match(/Run the same command again to go on/g)).toHaveLength(1);
});

test.each([
  ['SIGKILL', /toy seed 1: pretrain was ended by the signal SIGKILL, most likely because the memory/],
  ['SIGSEGV', /toy seed 1: pretrain was ended by the signal SIGSEGV: a fault in native code/],
  ['SIGUSR2', /toy seed 1: pretrain was ended by the signal SIGUSR2, which another program or a scheduler/],
])('a stage that %s ended is named, with the likely cause and the way to go on', async (endedBy, words) => {
  pretrainWith({ endedBy });
  const { code, output } = await workspace.run('run', 'toy');
  expect(code).toBe(1);
  expect(output).toMatch(words);
  expect(output).toContain('remedy:');
  expect(output).toContain('Run the same command again: it goes on from the last save.');
  expect(output).not.toContain('    at ');
});

test('under Nx, which says nothing of a signal, a stage that was killed is named too', async () => {
  pretrainWith({ endedBy: 'SIGKILL' });
  workspace.environment['NX_TASK_TARGET_PROJECT'] = 'exp-toy';
  const { code, output } = await workspace.run('stage', 'toy', 'pretrain');
  expect(code).toBe(1);
  expect(output).toContain('error: selfsup stage toy pretrain was ended by the signal SIGKILL, most likely because');
  expect(output).toContain('remedy:');
});

test('a stage that has lost its lease has said so itself', async () => {
  pretrainWith({ endedBy: lossSignal });
  const { code, output } = await workspace.run('run', 'toy');
  expect(code).toBe(1);
  expect(output).not.toMatch(/was ended by| {4}at /);
});
