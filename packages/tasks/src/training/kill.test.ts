import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'kill-'));
afterAll(() => rmSync(root, { recursive: true }));
const program = fileURLToPath(new URL('../testing/killed-training.ts', import.meta.url));

/** Trains in a process of its own; kills it `delay` ms after the line `killAt`. Gives what it printed. */
async function train(folder: string, killAt?: string, delay = 0): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, join(root, folder)]);
  let printed = '';
  child.stdout.on('data', (text: Buffer) => {
    printed += text.toString();
    if (killAt !== undefined && printed.includes(`${killAt}\n`)) {
      void setTimeout(delay).then(() => child.kill('SIGKILL'));
    }
  });
  await new Promise((done) => child.on('close', done));
  return printed;
}

test('killed at several moments, a training ends with the checkpoint of one that was left alone', async () => {
  const whole = await train('whole');
  expect(whole).toMatch(/checkpoint [0-9a-f]{64}\n$/);
  for (const [step, delay] of [
    [2, 1],
    [9, 7],
    [17, 3],
  ] as const) {
    expect(await train('killed', `step ${step}`, delay)).not.toContain('checkpoint');
  }
  const resumed = await train('killed');
  expect(resumed).not.toContain('step 3\n');
  expect(resumed.match(/checkpoint .*/)![0]).toBe(whole.match(/checkpoint .*/)![0]);
});
