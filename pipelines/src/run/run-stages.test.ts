import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestWorkspace, toyExperiment, type TestWorkspace } from '../testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = createTestWorkspace();
});
afterEach(() => workspace.remove());

const ran = (): string[] => workspace.log().filter((line) => !line.startsWith('toy end'));

test('a sweep over the settings of an evaluation pretrains once, and is compared in one report', async () => {
  const words = ['run', 'toy', '--set', 'measure.config.factor=2,3,4', '--at-once', '2'];
  const { code, output } = await workspace.run(...words);
  expect(code).toBe(0);
  expect(ran().sort()).toEqual(['ingest run', 'measure run 6', 'measure run 6', 'measure run 6', 'toy start 1']);
  expect(output).toContain('Up to 2 stages at once');
  expect(output.match(/same key as a result that is there already/g)).toHaveLength(2);
  const [, report] = /Report: (\S+)/.exec(output)!;
  expect(report).toMatch(/compare\/toy-factor-[0-9a-f]{6}\/index\.html$/);
  const page = readFileSync(workspace.path(report!), 'utf8');
  for (const label of ['factor=2', 'factor=3', 'factor=4']) expect(page).toContain(label);
  const again = await workspace.run(...words);
  expect(again.output.match(/: done already/g)).toHaveLength(7);
  expect((await workspace.run('run', 'toy', '--set', 'measure.config.factor=3')).code).toBe(0);
  expect(ran()).toHaveLength(5);
  const [written] = /compare\/\S+/.exec((await workspace.run('report', 'toy', '--set', words[3]!)).output)!;
  expect(report).toContain(written);
});

test('one variant that fails leaves the others alone; the same command goes on with it', async () => {
  const words = ['run', 'toy', '--set', 'pretrain.config.endedBy=SIGKILL,none'];
  const task = 'packages/tasks/src/pretext/toy/toy.ts';
  const source = readFileSync(workspace.path(task), 'utf8');
  workspace.write(task, source.replace('if (config.endedBy)', "if (config.endedBy === 'SIGKILL')"));
  const { code, output } = await workspace.run(...words);
  expect(code).toBe(1);
  expect(output).toMatch(
    /Failed:\n {2}toy seed 1: pretrain, endedBy=SIGKILL \(toy set-pretrain-config-endedby-sigkill\S+ seed 1: pretrain\)\n/,
  );
  expect(output).toMatch(
    /Not run, since they need these:\n {2}toy seed 1: measure, endedBy=SIGKILL \(toy set-\S+ seed 1: measure\)\n/,
  );
  expect(output).toContain('Report: ');
  expect(workspace.log().filter((line) => line.startsWith('measure'))).toHaveLength(1);
  workspace.write(task, source.replace('if (config.endedBy)', 'if (false)'));
  expect((await workspace.run(...words)).code).toBe(0);
});

test.each([
  [['measure.config.factr=1,2'], /Unknown key 'factr'; did you mean 'factor'[\s\S]*--set measure\.config\.factr/],
  [['measure.config.factor=1,x'], /expected number[\s\S]*--set measure\.config\.factor/],
  [['pretrain.config.value=1,2', 'pretrain.config.value=3'], /twice/],
])('%j is refused before anything starts', async (set, says) => {
  const { code, output } = await workspace.run('run', 'toy', ...set.flatMap((one) => ['--set', one]));
  expect(code).toBe(1);
  expect(output).toMatch(says);
  expect(workspace.log()).toEqual([]);
});

test('stopped, a sweep begins nothing more and ends with 130, whatever ran at once', async () => {
  const slow = { ...toyExperiment.stages.pretrain, config: { value: 3, seconds: 60 } };
  workspace.write('pipelines/experiments/toy/experiment.json', {
    ...toyExperiment,
    stages: { ...toyExperiment.stages, pretrain: slow },
  });
  const words = ['run', 'toy', '--set', 'pretrain.config.value=3,4,5', '--at-once', '2'];
  const child = workspace.start(...words);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (text: Buffer) => {
      output += text.toString();
      if (output.match(/pretrain: started/g)?.length === 2) child.kill('SIGINT');
    });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
  expect(workspace.log().filter((line) => line.startsWith('toy start'))).toHaveLength(2);
  expect(existsSync(workspace.path('artifacts/toy'))).toBe(false);
});
