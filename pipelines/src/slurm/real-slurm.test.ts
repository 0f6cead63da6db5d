import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../store/manifest.ts';
import { createTestWorkspace, type TestWorkspace } from '../testing/workspace.ts';

const missing = ['sbatch', 'slurmctld', 'slurmd', 'munged'].filter(
  (name) => spawnSync('bash', ['-c', `PATH=$PATH:/usr/sbin command -v ${name}`]).status !== 0,
);
const why =
  missing.length > 0 ? `not installed: ${missing.join(', ')}` : process.getuid?.() === 0 ? undefined : 'not root';
if (why !== undefined) console.log(`Skipped: no Slurm can be started here (${why}).`);

const scripts = fileURLToPath(new URL('../../../tests/slurm/', import.meta.url));
/** How many tenths of a second each of them counts; the last for longer than the time limit of a minute. */
const ticksOf = { one: 120, two: 120, three: 120, four: 650 };
const names = Object.keys(ticksOf) as (keyof typeof ticksOf)[];

/** A stage that goes on where it was stopped, and tells of each piece of work. */
const counting = `
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
export default {
  schema: z.strictObject({ value: z.number(), ticks: z.number() }), roles: ['dataset'],
  async run({ config: { value, ticks }, workFolder, progress, signal }: any) {
    const path = join(workFolder, 'weights');
    const done: number[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
    const phase = progress.phase('counting', ticks, 'ticks', done.length);
    while (done.length < ticks) {
      await sleep(100);
      done.push(value * done.length);
      writeFileSync(path + '.tmp', JSON.stringify(done));
      renameSync(path + '.tmp', path);
      appendFileSync(process.env.TRACE!, 'tick ' + value + ' ' + done.length + '\\n');
      phase.advance(1);
      if (signal.aborted) { const e = new Error('stopped'); e.name = 'Interrupted'; throw e; }
    }
    return { blobs: { checkpoint: path }, metrics: [{ head: 'pretext', measure: 'loss', unit: 'none', better: 'less', value }] };
  },
};
`;

let workspace: TestWorkspace;
let cluster: string;
beforeAll(() => {
  if (why !== undefined) return;
  workspace = createTestWorkspace();
  workspace.write('packages/tasks/src/pretext/counting/counting.ts', counting);
  names.forEach((name, i) => {
    workspace.write(`pipelines/experiments/${name}/experiment.json`, {
      about: { title: name },
      stages: {
        pretrain: {
          ...{ uses: 'tasks/counting', needs: { dataset: 'data/few' } },
          config: { value: i + 1, ticks: ticksOf[name] },
        },
        measure: { uses: 'eval/measure', needs: { encoder: 'pretrain' }, config: { factor: i + 2 } },
      },
    });
  });
  workspace.write('pipelines/comparisons/all-four/comparison.json', {
    about: { title: 'All four' },
    entries: names.map((experiment) => ({ experiment })),
  });
  cluster = workspace.path('cluster');
  const port = String(20_000 + 2 * (process.pid % 10_000));
  execFileSync(`${scripts}start.sh`, [cluster, '2', port], {
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  workspace.environment['SLURM_CONF'] = `${cluster}/slurm.conf`;
});
afterAll(() => {
  if (why !== undefined) return;
  try {
    slurm('scancel', '--user=root');
  } finally {
    execFileSync(`${scripts}stop.sh`, [cluster]);
  }
  workspace.remove();
});

function slurm(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', env: workspace.environment as NodeJS.ProcessEnv }).trim();
}

const queue = (...args: string[]): string[] =>
  slurm('squeue', '-h', '-r', '-o', '%j %T', ...args)
    .split('\n')
    .filter((line) => line !== '');

async function until(what: () => boolean, limitSeconds: number): Promise<void> {
  const end = Date.now() + limitSeconds * 1000;
  while (!what()) {
    if (Date.now() > end) throw new Error(`Not within ${limitSeconds} s:\n${queue().join('\n')}`);
    await sleep(500);
  }
}

const digests = (artifacts: string): string[] =>
  names.flatMap((name) =>
    ['pretrain', 'measure'].map(
      (stage) => workspace.json<Manifest>(`${artifacts}/${name}/base/seed-1/${stage}/manifest.json`).outputDigest,
    ),
  );

test.skipIf(why !== undefined)(
  'a comparison that is preempted, requeued at its limit and loses its daemon ends as one that ran here',
  async () => {
    const local = { SELFSUP_ARTIFACTS: 'local', TRACE: workspace.path('local-log') };
    expect((await workspace.runWith({ env: local }, 'run', 'all-four', '--at-once', '4')).code).toBe(0);

    const words = ['submit', 'all-four', '--partition', 'low', '--', '--time=1', '--signal=B:TERM@25'];
    const { code, output } = await workspace.run(...words);
    expect(output).toContain('Submitted 9 of 9 stages');
    expect(code).toBe(0);
    const ticks = (): string[] => workspace.log().filter((line) => line.startsWith('tick'));
    await until(() => ticks().length > 20, 300);
    expect((await workspace.run('jobs')).output).toMatch(
      /pretrain +\d runs?, \d waits?[^]*runs {4}\w+ seed 1: pretrain/,
    );

    slurm(
      'sbatch',
      '--partition=high',
      '--job-name=urgent',
      '--cpus-per-task=2',
      '--output=/dev/null',
      '--wrap=sleep 2',
    );
    await until(() => queue().includes('urgent RUNNING'), 300);
    await until(() => !queue().some((line) => line.startsWith('urgent')), 300);
    await until(() => queue().some((line) => /pretrain RUNNING/.test(line)), 300);
    process.kill(Number(readFileSync(`${cluster}/slurmd.pid`, 'utf8')), 'SIGKILL');
    await sleep(2000);
    slurm('/usr/sbin/slurmd');

    await until(() => queue().length === 0, 600);
    expect(digests('artifacts')).toEqual(digests('local'));
    expect(new Set(ticks()).size).toBe(ticks().length);
    expect(ticks()).toHaveLength(Object.values(ticksOf).reduce((a, b) => a + b));
    expect(workspace.log().filter((line) => line.startsWith('measure'))).toHaveLength(names.length);
    const jobs = (await workspace.run('jobs')).output;
    expect(jobs).toMatch(/all-four-\S+: 10 done\n/);
    const [folder] = /artifacts\/slurm\/\S+/.exec(output)!;
    const logs = [0, 1, 2, 3].map((i) => readFileSync(workspace.path(folder!, `log/pretrain-${i}.log`), 'utf8'));
    expect(logs[3]).toMatch(/restart [1-9]/);
    expect(logs.join('').match(/asked to stop/g)!.length).toBeGreaterThan(1);
    expect(logs.join('')).not.toContain('not put back');
    expect(existsSync(workspace.path('artifacts/compare/all-four/index.html'))).toBe(true);
  },
  900_000,
);
