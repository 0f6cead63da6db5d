import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../store/manifest.ts';
import { createTestWorkspace, type TestWorkspace } from '../testing/workspace.ts';

let workspace: TestWorkspace;
beforeAll(() => {
  workspace = createTestWorkspace();
});
afterAll(() => workspace.remove());

const manifestFile = 'artifacts/toy/base/seed-1/pretrain/manifest.json';
const source = 'packages/tasks/src/double.ts';

test('why names the file that changed, accept blesses it, gc removes only what nobody names', async () => {
  const early = await workspace.run('accept', 'toy', 'measure');
  expect(early).toMatchObject({ code: 1, output: expect.stringContaining('what it needs is not there yet') });
  expect((await workspace.run('run', 'toy')).code).toBe(0);
  expect((await workspace.run('list')).output).toMatch(/toy +2\/2 stages +Toy/);
  const before = workspace.json<Manifest>(manifestFile);
  expect((await workspace.run('why', 'toy')).output).toBe('toy seed 1: pretrain: done\ntoy seed 1: measure: done\n');
  const override = ['--variant', 'base', '--set', 'measure.config.factor=7'];
  expect((await workspace.run('why', 'toy', 'measure', ...override)).output).toMatch(
    /^toy \S*factor-7\S* seed 1: measure: /,
  );

  workspace.write(source, readFileSync(workspace.path(source), 'utf8').replace('value * 2', 'value + value'));
  const why = (await workspace.run('why', 'toy', 'pretrain')).output;
  expect(why.split('\n').filter((line) => line.startsWith('  '))).toEqual([`  code: double in ${source} was changed`]);
  expect((await workspace.run('accept', 'toy', 'pretrain')).code).toBe(0);
  const after = workspace.json<Manifest>(manifestFile);
  expect(after).toMatchObject({ acceptedFrom: before.code.key, outputDigest: before.outputDigest });
  expect((await workspace.run('stage', 'toy', 'pretrain')).output).toContain('done already');

  const experiment = 'pipelines/experiments/toy/experiment.json';
  workspace.write(experiment, readFileSync(workspace.path(experiment), 'utf8').replace('"value": 3', '"value": 4'));
  expect((await workspace.run('why', 'toy', 'pretrain')).output).toContain('config: value: 3 -> 4');
  const refused = await workspace.run('accept', 'toy', 'pretrain');
  expect(refused.code).toBe(1);
  expect(refused.output).toContain('more than its code differs');

  await workspace.run('stage', 'toy', 'pretrain');
  const blob = (manifest: Manifest): string => {
    const { sha256 } = manifest.blobs['checkpoint']!;
    return workspace.path('artifacts/store/sha256', sha256.slice(0, 2), sha256);
  };
  expect((await workspace.run('gc')).output).toContain('Removed 0 blobs');
  expect((await workspace.run('gc', '--min-age', '0', '--yes')).output).toContain('Removed 1 blobs');
  expect(existsSync(blob(before))).toBe(false);
  expect(existsSync(blob(workspace.json<Manifest>(manifestFile)))).toBe(true);
});

test('why asks after a run with other data as run takes it', async () => {
  workspace.write('pipelines/datasets/many/dataset.json', { sources: [{ type: 'numbers', count: 9 }] });
  const other = ['--data', 'few=many'];
  expect((await workspace.run('why', 'toy', 'pretrain', ...other)).output).toContain('has not been published');
  expect((await workspace.run('run', 'toy', ...other)).code).toBe(0);
  expect((await workspace.run('why', 'toy', 'pretrain', ...other)).output).toMatch(
    /^toy set-\S+many\S* seed 1: pretrain: done$/m,
  );
  const { code, output } = await workspace.run('why', 'toy', 'pretrain', '--data', 'few=mny');
  expect([code, output]).toEqual([1, expect.stringContaining('field:  --data few=mny')]);
});
