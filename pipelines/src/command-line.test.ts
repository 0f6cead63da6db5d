import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestWorkspace, setWritable, stranger, toyExperiment, type TestWorkspace } from './testing/workspace.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = createTestWorkspace();
  chmodSync(workspace.root, 0o755);
  workspace.write('pipelines/comparisons/both/comparison.json', {
    about: { title: 'Both' },
    entries: [{ experiment: 'toy', label: 'Toy' }],
  });
  expect((await workspace.run('run', 'toy')).code).toBe(0);
});
afterAll(() => workspace.remove());

describe('artifacts that can only be read', () => {
  const user = stranger();
  const isReadOnly = user !== undefined || process.getuid?.() !== 0;
  let how: { user: number | undefined; env: Record<string, string> };
  let cache: string;
  beforeAll(() => {
    // A copy looks other than what the store remembers of its blobs, as an image layer does.
    cpSync(workspace.path('artifacts'), workspace.path('mounted'), { recursive: true });
    rmSync(workspace.path('mounted/work'), { recursive: true });
    setWritable(workspace.path('mounted'), false);
    cache = workspace.path('cache');
    mkdirSync(cache);
    chmodSync(cache, 0o777);
    how = { user, env: { SELFSUP_ARTIFACTS: 'mounted', SELFSUP_CACHE: 'cache' } };
  });
  afterAll(() => setWritable(workspace.path('mounted'), true));

  test.each([
    [['list'], /toy +2\/2 stages/],
    [['check', 'toy'], /toy: sound/],
    [['why', 'toy', 'pretrain'], /pretrain: done/],
    [['report-path', 'toy'], /Report: mounted\/toy\/report\/index\.html/],
  ])('%j', async (args, says) => {
    const { code, output } = await workspace.runWith(how, ...args);
    expect(output).toMatch(says);
    expect(code).toBe(0);
  });

  test('looks at the blobs are remembered in the cache', async () => {
    expect((await workspace.runWith(how, 'why', 'toy', 'measure')).output).toMatch(/measure: done/);
    if (isReadOnly) expect(existsSync(`${cache}/verified`)).toBe(true);
  });

  test('without a cache that can be written they are not kept, and nothing is said', async () => {
    const env = { ...how.env, SELFSUP_CACHE: 'nx.json/cache' };
    const { code, output } = await workspace.runWith({ user, env }, 'why', 'toy', 'pretrain');
    expect(output).toBe('toy seed 1: pretrain: done\n');
    expect(code).toBe(0);
  });

  test.each([
    [['report', 'toy'], 'one.html'],
    [['compare', 'both', '--as-is'], 'both.html'],
  ])('%j is written where --to says, and asks for it', async (args, name) => {
    const to = `${cache}/${name}`;
    const written = await workspace.runWith(how, ...args, '--to', to);
    expect(written).toMatchObject({ code: 0, output: expect.stringContaining(name) });
    expect(readFileSync(to, 'utf8')).toMatch(/^<!doctype html>/i);
    if (!isReadOnly) return;
    const refused = await workspace.runWith(how, ...args);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(/cannot be written[\s\S]*remedy: .*--to <file/);
    expect(refused.output).not.toMatch(/\n\s+at /);
  });
});

describe('a user who is in no list of users', () => {
  const user = stranger() === undefined ? undefined : 54_321;
  const bare = { HOME: '', USER: '', LOGNAME: '', XDG_CACHE_HOME: '', SELFSUP_CACHE: '' };

  test('can look at results', async () => {
    const { code, output } = await workspace.runWith({ user, env: bare }, 'why', 'toy', 'pretrain');
    expect(output).toBe('toy seed 1: pretrain: done\n');
    expect(code).toBe(0);
  });

  // Whoever is in a list has a home there.
  test.skipIf(user === undefined)('is told what to set where a cache is needed', async () => {
    const { output } = await workspace.runWith({ user, env: bare }, 'doctor');
    expect(output).toMatch(/ cache .*no home folder[^\n]*\n +remedy: Set SELFSUP_CACHE/);
    expect(output).not.toMatch(/\n\s+at /);
  });

  test('works with a temporary folder that cannot be written', async () => {
    const env = { ...bare, TMPDIR: workspace.path('nx.json') };
    expect(await workspace.runWith({ user, env }, 'check', 'toy')).toEqual({ code: 0, output: 'toy: sound\n' });
  });
});

describe('results that cannot be written', () => {
  test.each([[['--help']], [['why', 'toy', 'pretrain']], [['report', 'toy']], [['doctor', '--json']]])(
    '%j on a full disk fails and says so',
    async (args) => {
      const full = openSync('/dev/full', 'w');
      try {
        const { code, output } = await workspace.runWith({ stdout: full }, ...args);
        expect(output).toMatch(/could not be written: ENOSPC/);
        expect(code).toBe(1);
      } finally {
        closeSync(full);
      }
    },
  );
});

describe('a time limit', () => {
  test('is refused by the name of its option or variable', async () => {
    const option = await workspace.run('run', 'toy', '--max-minutes', '-1');
    expect(option).toMatchObject({
      code: 1,
      output: expect.stringMatching(/option '--max-minutes.*Give a number above 0/),
    });
    const variable = await workspace.runWith({ env: { SELFSUP_MAX_MINUTES: 'soon' } }, 'run', 'toy');
    expect(variable.output).toMatch(/SELFSUP_MAX_MINUTES[\s\S]*remedy: .*number above 0/);
    expect(variable.code).toBe(1);
  });

  test('of four weeks does not end the work at once', async () => {
    workspace.write('pipelines/experiments/slow/experiment.json', {
      ...toyExperiment,
      stages: { pretrain: { ...toyExperiment.stages.pretrain, config: { value: 4, seconds: 1 } } },
    });
    const { code, output } = await workspace.run('run', 'slow', '--max-minutes', '40320');
    expect(output).toMatch(/Report: /);
    expect(code).toBe(0);
  });
});

test.each([
  ['SELFSUP_THREADS', 'many'],
  ['SELFSUP_DEVICE', 'tpu'],
])('%s is refused by name before the data is ingested', async (name, value) => {
  const env = { [name]: value, SELFSUP_ARTIFACTS: 'fresh' };
  const { code, output } = await workspace.runWith({ env }, 'run', 'toy');
  expect(output).toMatch(new RegExp(`${name} is '${value}'`));
  expect(output).not.toContain('started');
  expect(code).toBe(1);
});

test('a misspelt variable is refused with the one that was meant', async () => {
  const { code, output } = await workspace.runWith({ env: { SELFSUP_THREDS: '1' } }, 'list');
  expect(output).toMatch(/no setting SELFSUP_THREDS[\s\S]*remedy: .*SELFSUP_THREADS\?/);
  expect(code).toBe(1);
});

describe('a slip of the user ends in a line that names it, not in a stack or in silence', () => {
  test.each([
    [['run', 'toy', '--sed', '1'], /unknown option '--sed'[\s\S]*--seed/],
    [['run', ''], /empty text[\s\S]*field: +experiment, comparison or study/],
    [['report', 'toy', '--to', ''], /empty text[\s\S]*field: +--to <file.html>/],
    [['report', 'toy', '--to', 'nx.json/x.html'], /Cannot write[\s\S]*file: +.*nx\.json\/x\.html/],
    [['report', 'toy', '--to', 'pipelines'], /A report is a file[\s\S]*--to/],
    [['why', 'toy', 'pretrain', '--variant', 'nope'], /Unknown variant 'nope'[\s\S]*base/],
  ])('%j', async (args, says) => {
    const { code, output } = await workspace.run(...args);
    expect(output).toMatch(says);
    expect(output).not.toMatch(/\n\s+at /);
    expect(code).toBe(1);
  });

  test('a folder in the place of a file is named', async () => {
    mkdirSync(workspace.path('pipelines/experiments/folder/experiment.json'), { recursive: true });
    const { code, output } = await workspace.run('check', 'folder');
    expect(output).toMatch(/Cannot read: EISDIR[\s\S]*file: +.*folder\/experiment\.json[\s\S]*remedy/);
    expect(code).toBe(1);
  });
});

test('relative folders mean the same wherever the command is typed', async () => {
  renameSync(workspace.path('artifacts'), workspace.path('results here'));
  try {
    const env = { SELFSUP_ARTIFACTS: 'results here' };
    for (const cwd of [workspace.root, workspace.path('pipelines/experiments')]) {
      const { output } = await workspace.runWith({ env, cwd }, 'why', 'toy', 'pretrain');
      expect(output).toBe('toy seed 1: pretrain: done\n');
    }
  } finally {
    renameSync(workspace.path('results here'), workspace.path('artifacts'));
  }
});
