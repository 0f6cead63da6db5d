import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { integer, randomKey } from '@selfsup/kit/random';
import { checkpointDigest, cloneWithTiny, ended, type Clone } from './clone.ts';

/** Kills in one training: SELFSUP_KILLS=100 for a campaign. */
const kills = Number(process.env['SELFSUP_KILLS'] ?? 2);
/** Milliseconds: a campaign trains for longer, so that its kills have something to hit. */
const limit = Math.max(900_000, kills * 30_000);
const key = randomKey(Number(process.env['SELFSUP_KILL_SEED'] ?? 1), 'kills');
let clone: Clone;
const artifacts = (name: string): NodeJS.ProcessEnv => ({ SELFSUP_ARTIFACTS: clone.path('artifacts', name) });
const digestIn = (name: string, seed = 1): string =>
  checkpointDigest(clone, `artifacts/${name}/tiny/base/seed-${seed}/pretrain`);
const pretrain = (seed = 1): string[] => ['run', 'tiny', '--stage', 'pretrain', '--seed', String(seed)];

beforeAll(() => {
  clone = cloneWithTiny(({ stages }) => {
    stages.pretrain.config.epochs = 5 * kills;
    stages.pretrain.config.checkpoint.everySeconds = 0.2;
  });
});
afterAll(() => clone.remove());

test(
  'the same seed gives the same bits, another seed other bits',
  async () => {
    for (const name of ['first', 'second'])
      expect((await clone.run('selfsup', pretrain(), artifacts(name))).code).toBe(0);
    expect((await clone.run('selfsup', pretrain(2), artifacts('first'))).code).toBe(0);
    expect(digestIn('second')).toBe(digestIn('first'));
    expect(digestIn('first', 2)).not.toBe(digestIn('first'));
  },
  limit,
);

test(
  'a training that is killed and run again ends with the bits of one that was left alone',
  async () => {
    const env = artifacts('killed');
    const landed: string[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const started = Date.now();
      const nx = clone.start('nx', ['run', 'exp-tiny:pretrain-seed-1'], env);
      const end = ended(nx);
      let finished = false;
      void end.then(() => (finished = true));
      await training('killed', started, () => finished);
      await sleep(integer(key, 1500, kill));
      const onlyNx = kill % 2 === 1;
      // half of the time only Nx dies: the trainer lives on, and the next run has to wait for it
      if (!finished) process.kill(onlyNx ? nx.pid! : -nx.pid!, 'SIGKILL');
      if (!onlyNx) killTrainers();
      landed.push(finished ? 'after the end' : onlyNx ? 'Nx' : 'all');
      await Promise.race([end, sleep(500)]);
    }
    const { code, output } = await clone.run('nx', ['run', 'exp-tiny:pretrain-seed-1'], env);
    expect(code, output).toBe(0);
    expect(digestIn('killed')).toBe(digestIn('first'));
    console.log(`kills that landed: ${landed.join(', ')}`);
    expect(landed).toContain('all');
  },
  limit,
);

/** Resolves when the trainer has written a line of its log after `since`, or when the command has ended. */
async function training(name: string, since: number, hasEnded: () => boolean): Promise<void> {
  const work = clone.path('artifacts', name, 'work/tiny/base/seed-1/pretrain');
  const isWritten = (): boolean =>
    (existsSync(work) ? readdirSync(work) : []).some((attempt) => {
      const log = join(work, attempt, 'files/metrics.jsonl');
      return existsSync(log) && statSync(log).mtimeMs > since;
    });
  while (!hasEnded() && !isWritten()) await sleep(20);
}

/** Kills what still runs in this clone: stages are in process groups of Nx's making. */
function killTrainers(): void {
  const listed = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  for (const line of listed.split('\n')) {
    const [, pid, args] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid !== undefined && args!.includes('stage tiny pretrain') && cwdOf(pid) === clone.root) {
      process.kill(Number(pid), 'SIGKILL');
    }
  }
}

function cwdOf(pid: string): string | undefined {
  try {
    return execFileSync('readlink', [`/proc/${pid}/cwd`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
