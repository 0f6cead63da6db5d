import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { metricValues, type Metric } from '@selfsup/kit/metric';
import { checkpointDigest, cloneWithTiny, tiny, type Clone } from './clone.ts';

// One clone, a story in order: each test goes on from where the one before stopped.
let clone: Clone;
const stages = ['pretrain', 'features', 'linear'] as const;
const folder = (stage: string, seed = 1): string => `artifacts/tiny/base/seed-${seed}/${stage}`;
/** When each stage was last computed. */
const computed = (): Record<string, string> =>
  Object.fromEntries(
    stages.map((stage) => [stage, clone.json<{ started: string }>(`${folder(stage)}/run.json`).started]),
  );
const blobPath = (sha256: string): string => clone.path('artifacts/store/sha256', sha256.slice(0, 2), sha256);

beforeAll(() => {
  clone = cloneWithTiny();
});
afterAll(() => clone.remove());

test('one command ingests, pretrains, probes and reports, and ends with the path of the report', async () => {
  const { code, output } = await clone.run('nx', ['run', 'pipeline:tiny']);
  expect(output).toContain('Report: artifacts/tiny/report/index.html');
  expect(code).toBe(0);
  const page = clone.read('artifacts/tiny/report/index.html');
  const { 'linear/test/conv2/top1': top1 } = metricValues(clone.json<Metric[]>(`${folder('linear')}/metrics.json`));
  expect(top1).toBeGreaterThanOrEqual(0);
  expect(page).toContain('prefers-color-scheme');
  expect(page).not.toMatch(/(src|href)="https?:[^"]*\.(js|css|png)"/);
}, 300_000);

test('the same command again computes nothing', async () => {
  const before = computed();
  const { code } = await clone.run('nx', ['run', 'pipeline:tiny']);
  expect(code).toBe(0);
  expect(computed()).toEqual(before);
}, 120_000);

test('an edited evaluation reruns that evaluation alone', async () => {
  const before = computed();
  const experiment = structuredClone(tiny.experiment);
  experiment.stages.linear.config.epochs = 3;
  clone.write('pipelines/experiments/tiny/experiment.json', experiment);
  const { code } = await clone.run('nx', ['run', 'pipeline:tiny']);
  expect(code).toBe(0);
  const after = computed();
  expect(after['linear']).not.toBe(before['linear']);
  expect({ ...after, linear: '' }).toEqual({ ...before, linear: '' });
}, 120_000);

test('neither a new task nor edited report code reruns a pretraining', async () => {
  const before = computed();
  clone.write(
    'packages/tasks/src/newcomer/newcomer.ts',
    clone.read('packages/tasks/src/pretext/supervised/supervised.ts'),
  );
  appendFileSync(clone.path('packages/report/src/page.ts'), "\nexport const edited = 'yes';\n");
  const { code } = await clone.run('nx', ['run', 'pipeline:tiny']);
  expect(code).toBe(0);
  expect(computed()).toEqual(before);
}, 120_000);

test('a forced pretraining that ends with the same bits reruns nothing after it', async () => {
  const before = computed();
  const digest = checkpointDigest(clone);
  const { code } = await clone.run('selfsup', ['run', 'tiny', '--force', 'pretrain']);
  expect(code).toBe(0);
  expect(checkpointDigest(clone)).toBe(digest);
  const after = computed();
  expect(after['pretrain']).not.toBe(before['pretrain']);
  expect({ ...after, pretrain: '' }).toEqual({ ...before, pretrain: '' });
}, 120_000);

test.each(['deleted', 'altered by a byte'])(
  'a blob that was %s behind a cached stage is computed again',
  async (how) => {
    const digest = checkpointDigest(clone);
    const blob = blobPath(digest);
    const whole = readFileSync(blob);
    if (how === 'deleted') rmSync(blob);
    else {
      const bytes = Buffer.from(whole);
      bytes[bytes.length >> 1]! ^= 1;
      chmodSync(blob, 0o644);
      writeFileSync(blob, bytes);
    }
    const { code, output } = await clone.run('nx', ['run', 'pipeline:tiny']);
    expect(code, output).toBe(0);
    expect(existsSync(blob)).toBe(true);
    expect(readFileSync(blob).equals(whole)).toBe(true);
  },
  180_000,
);

test('a seed that is added computes only that seed', async () => {
  const before = computed();
  const experiment = clone.json<{ seeds: number[] }>('pipelines/experiments/tiny/experiment.json');
  clone.write('pipelines/experiments/tiny/experiment.json', { ...experiment, seeds: [1, 2] });
  const { code } = await clone.run('nx', ['run', 'pipeline:tiny']);
  expect(code).toBe(0);
  expect(computed()).toEqual(before);
  expect(checkpointDigest(clone, folder('pretrain', 2))).not.toBe(checkpointDigest(clone));
}, 180_000);

test('a comparison of what is there computes nothing, and an edit of its experiment affects it', async () => {
  const before = computed();
  const entries = [{ experiment: 'tiny', label: 'Tiny' }];
  clone.write('pipelines/comparisons/tiny-alone/comparison.json', { about: { title: 'Tiny compared' }, entries });
  clone.commit('a comparison');
  const { code, output } = await clone.run('nx', ['run', 'pipeline:tiny-alone']);
  expect(output).toContain('Report: artifacts/compare/tiny-alone/index.html');
  expect(code).toBe(0);
  expect(computed()).toEqual(before);
  expect(clone.read('artifacts/compare/tiny-alone/index.html')).toContain('linear, protocol test');
  const file = '--files=pipelines/experiments/tiny/experiment.json';
  const affected = await clone.run('nx', ['show', 'projects', '--affected', file]);
  expect(
    affected.output
      .split('\n')
      .filter((line) => /^(exp|cmp)-/.test(line))
      .sort(),
  ).toEqual(['cmp-tiny-alone', 'exp-tiny']);
}, 180_000);

test('nx affected names only the experiments that use an edited task', async () => {
  const { output } = await clone.run('nx', [
    'show',
    'projects',
    '--affected',
    '--files=packages/tasks/src/pretext/rotnet/rotnet.ts',
  ]);
  const experiments = output.split('\n').filter((line) => line.startsWith('exp-'));
  const all = clone.names('pipelines/experiments');
  const users = all.filter((name) =>
    clone.read(`pipelines/experiments/${name}/experiment.json`).includes('"tasks/rotnet"'),
  );
  expect(users).toEqual(expect.arrayContaining(['quickstart', 'rotnet', 'tiny']));
  expect(users.length).toBeLessThan(all.length);
  expect(experiments.sort()).toEqual(users.map((name) => `exp-${name}`).sort());
}, 60_000);
