import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTogether, type TogetherOptions } from '@selfsup/engine/testing/together';
import { integer, randomKey } from '@selfsup/kit/random';
import { trials } from '../testing/small-trainings.ts';

/** Steps of one kind, clustering between epochs, three players; SELFSUP_ALL_TASKS=1 takes all nine. */
const all = process.env['SELFSUP_ALL_TASKS'] === '1';
const tasks = all ? trials.map(([name]) => name) : ['rotnet', 'deepcluster', 'bigan'];
/** Of those, the ones that are killed, and how often at random moments: SELFSUP_KILLS=20 for a campaign. */
const killed = all ? tasks : ['deepcluster'];
const kills = Number(process.env['SELFSUP_KILLS'] ?? 1);
const limit = 600_000 + kills * killed.length * 60_000;
const root = mkdtempSync(join(tmpdir(), 'processes-'));
afterAll(() => rmSync(root, { recursive: true }));
const program = new URL('../testing/training-together.ts', import.meta.url);

/** Trains in processes; gives their exit codes, and the digests by task that the first told. */
async function train(size: number, folder: string, tasks: readonly string[], options?: TogetherOptions) {
  const ends = await runTogether(program, size, [join(root, folder), ...tasks], options);
  const told = [...ends[0]!.output.matchAll(/^digests (\S+) (.*)$/gm)];
  const digests = Object.fromEntries(told.map(([, name, text]) => [name!, JSON.parse(text!) as object]));
  return { codes: ends.map(({ code }) => code), digests, output: ends.map(({ output }) => output).join('\n') };
}

let alone: Awaited<ReturnType<typeof train>>;
beforeAll(async () => {
  alone = await train(1, 'alone', tasks);
  expect(alone.codes, alone.output).toEqual([0]);
  expect(Object.keys(alone.digests)).toHaveLength(tasks.length);
}, limit);

test.each([2, 4])(
  '%i processes end with the bits of one: weights, curves, pictures and files',
  async (size) => {
    const { codes, digests, output } = await train(size, `of-${size}`, tasks);
    expect(codes, output).toEqual(Array(size).fill(0));
    expect(digests).toEqual(alone.digests);
  },
  limit,
);

test(
  'asked to stop, all stop after the same step, and any other number of processes goes on to the same bits',
  async () => {
    let sent = false;
    const stopped = await train(2, 'stopped', ['rotnet'], {
      onLine: (line, _rank, kill) => {
        if (sent || line !== 'rotnet 2') return;
        sent = true;
        kill(1, 'SIGTERM'); // not the first
      },
    });
    expect(stopped.codes, stopped.output).toEqual([130, 130]);
    expect(stopped.output).toMatch(/saved at step [34567] of 8: asked to stop/);
    const resumed = await train(4, 'stopped', ['rotnet']);
    expect(resumed.output).not.toContain('rotnet 1\n');
    expect(resumed.digests).toEqual({ rotnet: alone.digests['rotnet'] });
  },
  limit,
);

test(
  'killed at random moments and gone on with by another number of processes, it ends with the same bits',
  async () => {
    const key = randomKey(Number(process.env['SELFSUP_KILL_SEED'] ?? 1), 'kills');
    for (const task of killed) {
      for (let i = 0; i < kills; i++) {
        const size = [2, 4, 1][i % 3]!;
        const [step, victim] = [1 + integer(key, 7, 3 * i), integer(key, size, 3 * i + 1)];
        const later = integer(key, 60, 3 * i + 2); // milliseconds: within a step, a test, a clustering
        const { codes, output } = await train(size, 'killed', [task], {
          onLine: (line, _rank, kill) => {
            if (Number(line.split(' ')[1]) >= step) setTimeout(() => kill(victim), later);
          },
        });
        // The killed one has no code; where the step was reached in time, nobody else came to the end.
        expect(
          codes.every((code) => code === null || code === 75 || code === 0),
          output,
        ).toBe(true);
      }
      const { codes, digests, output } = await train(2, 'killed', [task]);
      expect(codes, output).toEqual([0, 0]);
      expect(digests).toEqual({ [task]: alone.digests[task] });
    }
  },
  limit,
);

test(
  'more processes than parts are refused by all of them',
  async () => {
    const { codes, output } = await train(2, 'many', ['rotnet'], { env: { REPLICAS: '1' } });
    expect(codes).toEqual([1, 1]);
    expect(output).toContain('2 processes cannot share a batch of 1 part');
  },
  limit,
);
