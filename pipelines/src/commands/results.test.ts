import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../testing/workspace.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = createTestWorkspace();
  for (const value of [[], ['--set', 'measure.config.factor=2']]) {
    expect((await workspace.run('run', 'toy', ...value)).code).toBe(0);
  }
  mkdirSync(workspace.path('artifacts/gone/base/seed-1/x'), { recursive: true });
  writeFileSync(workspace.path('artifacts/gone/base/seed-1/x/manifest.json'), '{');
});
afterAll(() => workspace.remove());

test('selfsup results lists all, names what is damaged, and ends well', async () => {
  const { code, output } = await workspace.run('results');
  expect(output).toMatch(/^toy\/base\/seed-1 .*measure\/value 6/m);
  expect(output).toMatch(/^toy\/set-measure.*\/seed-1 .*measure\/value 12/m);
  expect(output).toContain('not read: gone/base/seed-1/x/manifest.json cannot be read');
  expect(code).toBe(0);
});

test('best ranks variants, diff says in what they differ', async () => {
  const best = await workspace.run('results', 'best', 'measure/value');
  expect(best.output).toMatch(/measure\/value on few\n1 {2}toy\/set-measure.* 12 .*\n2 {2}toy\/base .* 6 /);
  const variant = /toy\/set-[^ ]*/.exec(best.output)![0];
  const diff = await workspace.run('results', 'diff', 'toy/base', variant);
  expect(diff.output).toMatch(/measure: differs\n {2}config {2}factor: 1 -> 2\n {2}measure\/value +6 +-> +12 +\+6/);
  expect(diff.code).toBe(0);
  // Options behind best and diff are theirs.
  const json = await workspace.run('results', 'diff', 'toy/base', variant, '--json');
  expect(json.output).toContain('"stages": [');
});

test('a filter that fits with others, but not with these, takes nothing and is no mistake', async () => {
  const { code, output } = await workspace.run(
    'results',
    '--experiment',
    'toy',
    '--metric',
    '*',
    '--since',
    '2999-01-01',
  );
  expect([code, output]).toEqual([0, expect.stringContaining('None of the 2 published results is like this.')]);
});

test('report says on the console too what has not been run', async () => {
  const { code, output } = await workspace.run('report', 'toy', '--seed', '7', '--to', 'report.html');
  expect([code, output]).toEqual([0, expect.stringMatching(/^Of base these have not been run: seed 7\.$/m)]);
});

test.each([
  [['results', '--sort', 'nothing'], /No result has a metric 'nothing'/],
  [['results', '--since', 'monday'], /--since.*Give a day/],
  [['results', '--experiment', 'tooy'], /experiment 'tooy'; did you mean 'toy'\?\n {2}field: {2}--experiment/],
  [['results', '--variant', 'bas', '--json'], /variant 'bas'; did you mean 'base'\?[^]*There are: base, set-/],
  [['results', '--data', 'many'], /No result is of a dataset 'many'\n[^]*There are: few\./],
  [['results', '--seed', '9'], /No result is of a seed '9'/],
  [['results', '--on', 'nowhere'], /No result is of a machine 'nowhere'/],
  [['results', '--metric', 'measure/valu'], /No result has a metric 'measure\/valu'; did you mean 'measure\/value'/],
  [['results', 'best', 'measure/value', '--data', 'fe'], /dataset 'fe'; did you mean 'few'/],
  [['results', '--csv', '--json'], /'--csv' cannot be used with option '--json'/],
  [['report'], /No experiment is named/],
  [['report', 'toy', '--all'], /--all is over all experiments/],
  [['report', '--all', '--to', 'page.html'], /is a folder with the reports beside it/],
])('%j is refused', async (args, says) => {
  const { code, output } = await workspace.run(...args);
  expect(output).toMatch(says);
  expect(output).not.toMatch(/\n\s+at /);
  expect(code).toBe(1);
});

test('report --all makes a folder for a web server: the page, and the reports that it leads to', async () => {
  expect(await workspace.run('report', '--all', '--to', 'site')).toMatchObject({ code: 0 });
  const page = readFileSync(workspace.path('site/index.html'), 'utf8');
  const [, link] = /href="([^"#]*report\/index\.html)"/.exec(page)!;
  expect(link).toBe('toy/report/index.html');
  expect(readFileSync(workspace.path('site', link!), 'utf8')).toContain('Toy');
  expect(page).toContain('gone/base/seed-1/x/manifest.json cannot be read');
});
