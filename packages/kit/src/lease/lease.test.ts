import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDisk } from '../testing/faulty-disk.ts';
import { thisOwner, type Owner } from './lease-owner.ts';
import { acquireLease, isLeased, lossSignal, type Lease } from './lease.ts';

/** Takeovers of each kind; SELFSUP_TAKEOVERS=20 for a campaign. */
const takeovers = Number(process.env['SELFSUP_TAKEOVERS'] ?? 1);
/** Long enough that a machine at full load does not starve a beat away. */
const short = 2000;
/** Nobody waits for that long: what succeeds with it succeeded at once. */
const long = 3_600_000;

let root: string;
let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lease-'));
  folder = join(root, 'lease');
});
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** A process that takes the lease and holds it until it is killed. */
async function holder(standstill: number, mode = '', before: string[] = []): Promise<ChildProcess> {
  const child = startHolder(standstill, mode, before);
  await once(child.stdout!, 'data');
  return child;
}

function startHolder(standstill: number, mode: string, before: string[]): ChildProcess {
  const program = fileURLToPath(new URL('../testing/lease-holder.ts', import.meta.url));
  const [command, ...args] = [...before, process.execPath, '--import', import.meta.resolve('tsx'), program, folder];
  const child = spawn(command!, [...args, String(standstill), mode], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

function heldFile(): string {
  return readdirSync(folder).find((name) => name.startsWith('held-')) ?? '';
}

/** Waits until the holder has beaten `times` more. */
async function beats(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const before = heldFile();
    while (heldFile() === before || heldFile() === '') await sleep(10);
  }
}

/** Leaves a lease as a process that is not asked any more has left it. */
function abandoned(change: Partial<Owner>): Owner {
  const owner = { ...thisOwner({}), ...change };
  mkdirSync(folder);
  writeFileSync(join(folder, `owner-${owner.token}.json`), JSON.stringify(owner));
  writeFileSync(join(folder, `held-${owner.token}-7`), '');
  return owner;
}

/** Starts waiting for the lease and tells when that has been noticed. */
async function waiting(options: Parameters<typeof acquireLease>[1]): Promise<{ lease: Promise<Lease>; owner?: Owner }> {
  let lease!: Promise<Lease>;
  const owner = await new Promise<Owner | undefined>((resolve) => {
    lease = acquireLease(folder, { ...options, onWait: resolve });
  });
  return { lease, ...(owner === undefined ? {} : { owner }) };
}

test('a folder exists while it is held, and nothing is left of it afterwards', async () => {
  const lease = await acquireLease(folder);
  expect(lease.fromSilent).toBe(false);
  expect(await isLeased(folder)).toBe(true);
  await lease.confirm();
  await lease.release();
  expect(readdirSync(root)).toEqual([]);
  expect(await isLeased(folder)).toBe(false);
});

test('of many who ask at once only one holds at a time', async () => {
  let inside = 0;
  let most = 0;
  let turns = 0;
  const one = async (): Promise<void> => {
    const lease = await acquireLease(folder);
    inside += 1;
    turns += 1;
    most = Math.max(most, inside);
    await sleep(5);
    await lease.confirm();
    inside -= 1;
    await lease.release();
  };
  await Promise.all([one(), one(), one(), one()]);
  expect([most, turns]).toEqual([1, 4]);
});

test(`a killed holder is taken over from at once (${takeovers} times)`, async () => {
  for (let i = 0; i < takeovers; i++) {
    const child = await holder(long);
    const { lease, owner } = await waiting({ standstill: long });
    expect(owner!.pid).toBe(child.pid);
    child.kill('SIGKILL');
    const held = await lease;
    expect(held.fromSilent).toBe(false);
    await held.confirm();
    await held.release();
  }
}, 600_000);

test(`a stopped holder is taken over from by exactly one, and then notices (${takeovers} times)`, async () => {
  for (let i = 0; i < takeovers; i++) {
    const child = await holder(short, 'ends');
    let said = '';
    child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
    child.kill('SIGSTOP');
    const winners: number[] = [];
    const stop = new AbortController();
    const all = [0, 1].map(async (n) => {
      const lease = await acquireLease(folder, { standstill: short, signal: stop.signal });
      winners.push(n);
      return lease;
    });
    const first = await Promise.race(all);
    child.kill('SIGCONT');
    expect((await once(child, 'close'))[0]).toBe(1);
    expect(said).toContain('another has taken its work over');
    expect(winners).toHaveLength(1);
    expect(first.fromSilent).toBe(true);
    await first.confirm();
    stop.abort();
    await expect(all[1 - winners[0]!]).rejects.toThrow('Stopped while waiting');
    await first.release();
  }
}, 600_000);

test('one whose main thread is busy is ended by its thread, by a signal that tells why', async () => {
  const child = await holder(short, 'busy, ends');
  let said = '';
  child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
  child.kill('SIGSTOP');
  const lease = await acquireLease(folder, { standstill: short });
  child.kill('SIGCONT');
  expect(await once(child, 'close')).toEqual([null, lossSignal]);
  expect(said).toContain('another has taken its work over');
  await lease.release();
});

test('who has lost the lease can neither confirm nor harm the next holder', async () => {
  const lease = await acquireLease(folder, { standstill: long });
  const { token } = JSON.parse(
    readFileSync(
      join(
        folder,
        readdirSync(folder).find((name) => name.endsWith('.json'))!,
      ),
      'utf8',
    ),
  ) as Owner;
  rmSync(folder, { recursive: true });
  const next = await acquireLease(folder, { standstill: long });
  await expect(lease.confirm()).rejects.toThrow('another has taken its work over');
  expect(lease.lost.aborted).toBe(true);
  await lease.release();
  await next.confirm();
  expect(heldFile()).not.toContain(token);
  await next.release();
});

test('a holder whose folder was removed ends, and says so', async () => {
  const child = await holder(short, 'busy, ends');
  let said = '';
  child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
  rmSync(folder, { recursive: true });
  expect(await once(child, 'close')).toEqual([null, lossSignal]);
  expect(said).toContain('The folder of this work was removed');
});

const hasCompiler = spawnSync('cc', ['--version']).status === 0;
if (!hasCompiler) console.log('Skipped: there is no C compiler for a disk that gives no answer.');

test.skipIf(!hasCompiler)('a holder whose file system gives no answer ends before another may take over', async () => {
  const { env } = openDisk(join(root, 'disk'));
  const child = await holder(short, 'busy, ends', [
    'env',
    ...assignments(env('hang', { root: folder, at: 3, span: 0 })),
  ]);
  let said = '';
  child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
  const began = performance.now();
  expect(await once(child, 'close')).toEqual([null, lossSignal]);
  expect(performance.now() - began).toBeGreaterThan(short / 2);
  // Eleven twelfths of two seconds.
  expect(said).toContain('The file system took nothing for 1.8 seconds');
});

test.skipIf(!hasCompiler)('a full disk that takes no folder is an error, not a lease to wait for', async () => {
  const { env } = openDisk(join(root, 'disk'));
  const child = startHolder(long, '', ['env', ...assignments(env('enospc', { root, at: 1, span: 0 }))]);
  let said = '';
  child.stderr!.on('data', (text: Buffer) => (said += text.toString()));
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(said).toContain('no such file or directory, mkdir');
});

function assignments(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

test('a holder whose main thread is busy for long keeps its lease', async () => {
  await holder(short, 'busy');
  const { lease } = await waiting({ standstill: short, signal: AbortSignal.timeout(2 * short) });
  await expect(lease).rejects.toThrow('Stopped while waiting');
  await beats(2);
});

const unshare = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const spaces = spawnSync(unshare[0]!, [...unshare.slice(1), 'true']).status === 0;
if (!spaces) console.log('Skipped: PID namespaces cannot be made here (unshare --pid).');

test.skipIf(!spaces)(
  `a holder in another PID namespace keeps its lease while it lives (${takeovers} times)`,
  async () => {
    for (let i = 0; i < takeovers; i++) {
      const child = await holder(short, '', unshare);
      const { lease, owner } = await waiting({ standstill: short });
      let taken = false;
      void lease.then(() => (taken = true));
      expect(owner!.host).toBe(thisOwner().host);
      expect(owner!.pidNamespace).not.toBe(thisOwner().pidNamespace);
      // More beats than fit into the time after which it would be taken for gone.
      await beats(18);
      expect(taken).toBe(false);
      child.kill('SIGKILL');
      await (await lease).release();
    }
  },
  600_000,
);

test('a number is believed only in its own boot and PID namespace, and with its start', async () => {
  abandoned({ started: 'long ago' });
  await (await acquireLease(folder, { standstill: long })).release();
  for (const elsewhere of [{ boot: 'another' }, { pidNamespace: 'pid:[1]' }, { boot: '', pidNamespace: '' }]) {
    abandoned({ started: 'long ago', ...elsewhere });
    const stop = new AbortController();
    const { lease } = await waiting({ standstill: long, signal: stop.signal });
    stop.abort();
    await expect(lease).rejects.toThrow('Stopped while waiting');
    rmSync(folder, { recursive: true });
  }
});

test('a holder that is never heard of again is taken over from, whatever its machine was called', async () => {
  abandoned({ boot: 'another', host: 'elsewhere' });
  const lease = await acquireLease(folder, { standstill: 100 });
  await lease.release();
  expect(existsSync(folder)).toBe(false);
});

test('whether a lease is held is told without taking it', async () => {
  expect(await isLeased(folder, short)).toBe(false);
  const child = await holder(short);
  expect(await isLeased(folder, long)).toBe(true);
  const [ownerFile] = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const owner = JSON.parse(readFileSync(join(folder, ownerFile!), 'utf8')) as Owner;
  // From another machine only the beats are seen.
  writeFileSync(join(folder, ownerFile!), JSON.stringify({ ...owner, boot: 'another' }));
  expect(await isLeased(folder, long)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await isLeased(folder, 500)).toBe(false);
  writeFileSync(join(folder, ownerFile!), JSON.stringify(owner));
  expect(await isLeased(folder, long)).toBe(false);
});

test('a job that its scheduler started again takes over at once; a task of the same start waits', async () => {
  const before = { ...process.env };
  const job = { id: '/4711', restarts: 0 };
  try {
    process.env['SLURM_JOB_ID'] = '4711';
    process.env['SLURM_RESTART_COUNT'] = '1';
    abandoned({ boot: 'another', job });
    await (await acquireLease(folder, { standstill: long })).release();
    for (const other of [
      { ...job, restarts: 1 },
      { ...job, id: '/4712' },
    ]) {
      abandoned({ boot: 'another', job: other });
      const stop = new AbortController();
      const { lease } = await waiting({ standstill: long, signal: stop.signal });
      stop.abort();
      await expect(lease).rejects.toThrow('Stopped while waiting');
      rmSync(folder, { recursive: true });
    }
  } finally {
    for (const name of ['SLURM_JOB_ID', 'SLURM_RESTART_COUNT']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
});

test('a folder in which there is something else is put aside, not emptied', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, '17.0a0b.json'), 'of an earlier version');
  await (await acquireLease(folder, { standstill: 100 })).release();
  const [aside] = readdirSync(root);
  expect(readdirSync(join(root, aside!))).toEqual(['17.0a0b.json']);
});
