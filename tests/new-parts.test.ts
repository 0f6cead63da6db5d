import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Clone } from './clone.ts';

let clone: Clone;
beforeAll(() => {
  clone = new Clone();
});
afterAll(() => clone.remove());

/** What asks whether a part has a schema for editors and a place in the replay. */
const ofTheWhole = ['pipelines/src/declare/schema-files.test.ts', 'tests/replay.test.ts'];

// The templates themselves are compiled with all else; this is what comes of them.
test('parts that `selfsup new` writes pass their own tests, and those of the whole', async () => {
  const kinds = ['task', 'dataset', 'network', 'evaluation'];
  for (const kind of kinds) {
    const { code, output } = await clone.run('selfsup', ['new', kind, 'a-b']);
    expect(code, output).toBe(0);
  }
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', 'a-b/a-b.test.ts', ...ofTheWhole, '--reporter=json'],
    { cwd: clone.root, encoding: 'utf8' },
  );
  expect(status, stdout + stderr).toBe(0);
  const { numTotalTestSuites, testResults } = JSON.parse(stdout) as {
    numTotalTestSuites: number;
    testResults: { name: string }[];
  };
  expect(numTotalTestSuites).toBeGreaterThan(0);
  const rooms = ['data/src/sources', 'eval/src/evaluations', 'models/src/networks', 'tasks/src/pretext'];
  const own = rooms.map((room) => `packages/${room}/a-b/a-b.test.ts`);
  expect(testResults.map(({ name }) => name).sort()).toEqual(
    [...own, ...ofTheWhole].map((file) => expect.stringContaining(file)),
  );
  const written = clone.git('ls-files', '--others', '--modified', '--exclude-standard').trim().split('\n');
  const formatted = spawnSync(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--check', ...written], {
    cwd: clone.root,
    encoding: 'utf8',
  });
  expect(formatted.status, formatted.stderr).toBe(0);
  expect(clone.read('docs/README.md')).toContain('\n- [A b](a-b.md)\n');
  expect(await clone.run('selfsup', ['check', 'a-b-small'])).toMatchObject({ code: 0 });
}, 300_000);
