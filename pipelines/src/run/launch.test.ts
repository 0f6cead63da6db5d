import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Progress } from '@selfsup/kit/progress';
import { launch, mostTelling } from './launch.ts';
import type { Session } from './session.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'launch-'))));
afterEach(() => rmSync(root, { recursive: true }));

/** Starts a script in two processes; gives how they ended, what was told, and what each start wrote into `log`. */
async function launched(script: string, stop = new AbortController()) {
  const notes: string[] = [];
  const progress = { note: (text: string) => void notes.push(text), warn: () => undefined } as unknown as Progress;
  const session = {
    processes: 2,
    workspace: { root },
    signal: stop.signal,
    progress: () => progress,
  } as unknown as Session;
  writeFileSync(join(root, 'log'), '');
  const program = `
    const { appendFileSync, readFileSync } = require('node:fs');
    const { RANK: rank, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, SELFSUP_JOB } = process.env;
    const starts = readFileSync('log', 'utf8').split('\\n').filter((line) => line.startsWith(rank)).length;
    appendFileSync('log', [rank, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, SELFSUP_JOB].join(' ') + '\\n');
    ${script}`;
  const end = await launch(session, 'toy', [process.execPath, '-e', program]);
  const log = readFileSync(join(root, 'log'), 'utf8').trim().split('\n').sort();
  return { end, notes, log: log.map((line) => line.split(' ')) };
}

test('each is told who it is and where to meet, by a name that nobody else knows', async () => {
  const { end, log, notes } = await launched('');
  expect(end).toEqual({ code: 0, signal: null });
  const [first, second] = log;
  expect(first!.slice(0, 3)).toEqual(['0', '2', '127.0.0.1']);
  expect(first![4]).toMatch(/^[0-9a-f]{32}$/);
  expect(second).toEqual(['1', ...first!.slice(1)]);
  expect(notes).toEqual([]);
});

test('when one is killed all are started again; the other, which hears no signal, is killed', async () => {
  const { end, log, notes } = await launched(`
    if (starts < 2) {
      process.on('SIGTERM', () => {});
      if (rank === '1') process.kill(process.pid, 'SIGKILL');
      setInterval(() => {}, 1000);
    }`);
  expect(end).toEqual({ code: 0, signal: null });
  expect(log).toHaveLength(6);
  expect(new Set(log.map(([, , , , job]) => job)).size).toBe(3);
  expect(notes).toEqual(
    [1, 2].map((n) => `A process was lost; all 2 start again from the last checkpoint (${n} of 3)`),
  );
}, 60_000);

test('after three times it is given up', async () => {
  const { end, log } = await launched('process.exit(75)');
  expect(end).toEqual({ code: 75, signal: null });
  expect(log).toHaveLength(8);
});

test('one that fails of itself ends all, and nothing is started again', async () => {
  const { end, log } = await launched("if (rank === '1') process.exit(3); setTimeout(() => process.exit(75), 1000);");
  expect(end).toEqual({ code: 3, signal: null });
  expect(log).toHaveLength(2);
});

test('asked to stop, all are', async () => {
  const stop = new AbortController();
  const timer = setInterval(() => {
    if (readFileSync(join(root, 'log'), 'utf8').split('\n').length > 2) setTimeout(() => stop.abort(), 300);
  }, 50);
  const { end, log } = await launched(
    "process.on('SIGTERM', () => process.exit(130)); setInterval(() => {}, 1000);",
    stop,
  );
  clearInterval(timer);
  expect(end).toEqual({ code: 130, signal: null });
  expect(log).toHaveLength(2);
});

test('an error says more than a loss, a loss more than a stop', () => {
  const code = (number: number) => ({ code: number, signal: null });
  const killed = { code: null, signal: 'SIGKILL' as const };
  expect(mostTelling([code(75), killed, code(1), code(130)])).toEqual(code(1));
  expect(mostTelling([code(0), code(75), killed])).toEqual(killed);
  expect(mostTelling([code(130), code(75)])).toEqual(code(75));
  expect(mostTelling([code(0), code(130)])).toEqual(code(130));
});
