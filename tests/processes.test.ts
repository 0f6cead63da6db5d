import { execFileSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '@selfsup/engine/cluster';
import { integer, randomKey } from '@selfsup/kit/random';
import { checkpointDigest, cloneWithTiny, ended, type Clone } from './clone.ts';

/** Processes killed in one training, one at a time: at most three, after which a launcher gives up. */
const kills = 1;
const limit = 600_000;
const evaluations = ['features', 'linear', 'augmented', 'tuned', 'labelled'];
let clone: Clone;
const environment = (name: string): NodeJS.ProcessEnv => ({
  SELFSUP_ARTIFACTS: clone.path('artifacts', name),
  SELFSUP_THREADS: '1',
});
const digestIn = (name: string): string => checkpointDigest(clone, `artifacts/${name}/tiny/base/seed-1/pretrain`);
const pretrain = (...more: string[]): string[] => ['run', 'tiny', '--stage', 'pretrain', ...more];

beforeAll(async () => {
  clone = cloneWithTiny(({ stages }) => {
    Object.assign(stages.pretrain.config, { replicas: 4, epochs: 8, checkpoint: { everySeconds: 0.2 } });
    const config = {
      protocol: 'test',
      layer: 'conv2',
      head: 'linear',
      epochs: 2,
      batchSize: 16,
      replicas: 2,
      augment: {},
    };
    Object.assign(stages.linear.config, { replicas: 2 });
    const needs = { encoder: 'pretrain', dataset: 'data/tiny' };
    Object.assign(stages, {
      augmented: { uses: 'eval/augmented-probe', needs, config },
      tuned: { uses: 'eval/fine-tuning', needs, config },
      labelled: { uses: 'eval/semi-supervised', needs, config: { ...config, perClass: [2, 4], samplesPerEpoch: 64 } },
    });
  });
  for (const stage of ['pretrain', ...evaluations]) {
    const { code, output } = await clone.run('selfsup', ['run', 'tiny', '--stage', stage], environment('alone'));
    expect(code, output).toBe(0);
  }
}, limit);
afterAll(() => clone.remove());

test(
  'on two processes it ends with the bits of one, and says what batch norm saw',
  async () => {
    const { code, output } = await clone.run('selfsup', pretrain('--processes', '2'), environment('two'));
    expect(code, output).toBe(0);
    expect(output).toContain('Batch norm takes its statistics over 8 images at a time');
    expect(output.match(/: done in/g)).toHaveLength(2); // the dataset, and once the stage
    expect(digestIn('two')).toBe(digestIn('alone'));
  },
  limit,
);

test(
  'features are shared too, and training on labels, also where a stage does so several times',
  async () => {
    for (const stage of evaluations) {
      const command = ['run', 'tiny', '--stage', stage, '--processes', '2'];
      const { code, output } = await clone.run('selfsup', command, environment('two'));
      expect(code, output).toBe(0);
      const [alone, two] = ['alone', 'two'].map((name) => {
        const folder = `artifacts/${name}/tiny/base/seed-1/${stage}`;
        expect(clone.json<{ processes?: number }>(`${folder}/run.json`).processes).toBe(name === 'two' ? 2 : undefined);
        return { ...clone.json<object>(`${folder}/manifest.json`), places: [] };
      });
      expect(two).toEqual(alone);
    }
  },
  limit,
);

test(
  'processes that are killed are replaced by the command itself, and the bits are the same',
  async () => {
    const child = clone.start('selfsup', pretrain('--processes', '2'), environment('killed'));
    const end = ended(child);
    const heard = listen(child);
    const key = randomKey(Number(process.env['SELFSUP_KILL_SEED'] ?? 1), 'processes');
    for (let kill = 0; kill < kills; kill++) {
      await heard(`Epoch ${1 + 2 * kill} of 8`);
      await sleep(integer(key, 300, kill));
      process.kill(trainers()[integer(key, 2, 10 + kill)]!, 'SIGKILL');
    }
    const { code, output } = await end;
    expect(code, output).toBe(0);
    expect(output).toContain(`all 2 start again from the last checkpoint (${kills} of 3)`);
    expect(digestIn('killed')).toBe(digestIn('alone'));
  },
  limit,
);

test(
  'stopped on two, it goes on on one',
  async () => {
    const child = clone.start('selfsup', pretrain('--processes', '2'), environment('stopped'));
    const end = ended(child);
    await listen(child)('Epoch 1 of 8');
    process.kill(child.pid!, 'SIGTERM');
    const stopped = await end;
    expect(stopped.code, stopped.output).toBe(130);
    const again = await clone.run('selfsup', pretrain(), environment('stopped'));
    expect(again.code, again.output).toBe(0);
    expect(again.output).toMatch(/Going on from step \d+ of 80/);
    expect(digestIn('stopped')).toBe(digestIn('alone'));
  },
  limit,
);

test.each<[string, string[], RegExp]>([
  ['more processes than parts', ['--processes', '8'], /cuts its batches into 4 parts, which 8 processes cannot share/],
  ['a number that is no power of two', ['--processes', '3'], /Give a power of two/],
  [
    'no parts at all',
    ['--processes', '2', '--set', 'pretrain.config.replicas=1'],
    /No stage of it could use several processes/,
  ],
  [
    'a misspelt setting',
    ['--processes', '2', '--set', 'pretrain.config.replica=4'],
    /did you mean 'replicas'.*--set pretrain\.config\.replica\b/s,
  ],
  [
    'parts that do not divide a batch',
    ['--set', 'pretrain.config.replicas=64'],
    /must divide the batchSize.*pretrain\.config\.replicas/s,
  ],
])(
  '%s is refused before anything starts',
  async (_, options, words) => {
    const { code, output } = await clone.run('selfsup', pretrain(...options), environment('refused'));
    expect(code).toBe(1);
    expect(output).toMatch(words);
    expect(output).not.toContain('started');
  },
  limit,
);

/** Runs the stage as a scheduler would start it, in two processes; the second in its own way. */
async function started(second: string[], env: NodeJS.ProcessEnv) {
  const together = { WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(await freePort()) };
  const run = (rank: number, more: string[], its: NodeJS.ProcessEnv) =>
    clone.run('selfsup', ['stage', 'tiny', 'pretrain', ...more], { ...its, ...together, RANK: String(rank) });
  return Promise.all([run(0, ['--force'], environment('alone')), run(1, second, env)]);
}

test(
  'processes of another config are refused by what differs, as are those that do not see the same results',
  async () => {
    const [first, second] = await started(['--set', 'pretrain.config.epochs=9'], environment('alone'));
    expect([first!.code, second!.code]).toEqual([1, 1]);
    expect(first!.output).toMatch(/process 1 is at 'tiny pretrain .*--set 'pretrain.config.epochs=9'', the first at/);
    expect(second!.output).toContain('refuses');
    const [sees, blind] = await started([], environment('elsewhere'));
    expect([sees!.code, blind!.code], sees!.output + blind!.output).toEqual([1, 1]);
    expect(sees!.output).toContain('Process 1 would compute something else than the first: needs that it does not see');
  },
  limit,
);

/** Resolves when a command has printed some words, or has ended. */
function listen(child: ChildProcess): (words: string) => Promise<void> {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return async (words) => {
    while (!output.includes(words) && child.exitCode === null) await sleep(20);
  };
}

/** Numbers of the processes that train in this clone, in the order of their ranks. */
function trainers(): number[] {
  const listed = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  const found: number[] = [];
  for (const line of listed.split('\n')) {
    const [, pid, args] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || !args!.includes('stage tiny pretrain')) continue;
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const rank = variables.find((one) => one.startsWith('RANK='));
    if (rank !== undefined && variables.some((one) => one.includes(clone.root)))
      found[Number(rank.slice(5))] = Number(pid);
  }
  return found;
}
