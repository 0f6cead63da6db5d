import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLease, bootId, processStart } from './lease.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lease-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const nobody = (): void => undefined;

/** A process that takes the lease, says so, and holds it until it is killed. */
async function holder(): Promise<ReturnType<typeof spawn>> {
  const code = `import { acquireLease } from ${JSON.stringify(fileURLToPath(new URL('./lease.ts', import.meta.url)))};
    await acquireLease(${JSON.stringify(folder)}, new AbortController().signal, () => {});
    console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { stdio: 'pipe' });
  await once(child.stdout, 'data');
  return child;
}

test('waits for a living holder and takes over when it was killed', async () => {
  const child = await holder();
  let waitedFor = 0;
  const acquiring = acquireLease(folder, never, (owner) => {
    waitedFor = owner.pid;
    child.kill('SIGKILL');
  });
  await once(child, 'exit');
  const lease = await acquiring;
  expect(waitedFor).toBe(child.pid);
  await lease.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('a number that was given to another process does not count as its owner', async () => {
  const owner = { pid: process.pid, started: 'long ago', boot: bootId(), host: hostname() };
  writeFileSync(join(folder, 'old.json'), JSON.stringify(owner));
  let waited = false;
  const lease = await acquireLease(folder, never, () => (waited = true));
  expect(waited).toBe(false);
  await lease.release();
});

test('a holder on another host is waited for until told to stop', async () => {
  writeFileSync(join(folder, 'far.json'), JSON.stringify({ pid: 1, started: '', boot: '', host: 'elsewhere' }));
  const controller = new AbortController();
  const acquiring = acquireLease(folder, controller.signal, () => controller.abort());
  await expect(acquiring).rejects.toThrow(/Stopped while waiting/);
});

test('of many who ask at once only one holds at a time', async () => {
  let inside = 0;
  let most = 0;
  const one = async (): Promise<void> => {
    const lease = await acquireLease(folder, never, nobody);
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside -= 1;
    await lease.release();
  };
  await Promise.all([one(), one(), one(), one()]);
  expect(most).toBe(1);
});

test('the start of a process is stable, and absent for one that is gone', async () => {
  expect(processStart(process.pid)).toBe(processStart(process.pid));
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(processStart(child.pid!)).toBeUndefined();
});
