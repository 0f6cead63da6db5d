import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'deepcluster-kill-'));
afterAll(() => rmSync(root, { recursive: true }));
const program = fileURLToPath(new URL('../../testing/killed-clustering.ts', import.meta.url));

/** Trains in a process of its own; kills it at the first line that matches. Gives what it printed. */
async function train(folder: string, killAt?: RegExp): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, join(root, folder)]);
  let printed = '';
  child.stdout.on('data', (text: Buffer) => {
    printed += text.toString();
    if (killAt?.test(printed)) child.kill('SIGKILL');
  });
  await new Promise((done) => child.on('close', done));
  return printed;
}

const digests = (printed: string) => printed.match(/^digest .*$/gm);

test('killed in the features and in k-means, it ends with the bits of a run that was left alone', async () => {
  const whole = await train('whole');
  expect(digests(whole)).toHaveLength(3);
  // In the first clustering's features; in the second clustering, which the training of the first epoch comes before.
  const kills = [/features to cluster 1\n/, /training 9\n[^]*k-means 3\n/];
  for (const killAt of kills) expect(digests(await train('killed', killAt))).toBeNull();
  const resumed = await train('killed');
  expect(digests(resumed)).toEqual(digests(whole));
});
