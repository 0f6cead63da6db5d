// `npm test`: checks formatting and imports, type-checks, lints and tests every project through Nx, then adds up vitest's own counts.
// `npm test -- rotnet` runs the test files whose path holds `rotnet`; further options are vitest's.
// The last line is `N passed, N failed`; the exit code is non-zero when anything failed or nothing ran.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { finish, readCounts, root, runVitest } from './vitest-run.mjs';

const given = process.argv.slice(2);
if (given.some((argument) => !argument.startsWith('-'))) runVitest(given);
else runAll(given);

function runAll(nxOptions) {
  const projects = [...readdirSync(join(root, 'packages')).map((name) => join('packages', name)), 'pipelines', 'tests'];
  const resultOf = (project) => join(root, project, '.results', 'vitest.json');
  for (const project of projects) rmSync(resultOf(project), { force: true });

  const node = (script, ...args) =>
    spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, stdio: 'inherit' }).status;
  const formatted = node('prettier/bin/prettier.cjs', '--check', '--cache', '.') === 0;
  const imported = spawnSync('npm', ['run', '--silent', 'lint:imports'], { cwd: root, stdio: 'inherit' }).status === 0;
  const targets = ['--targets=typecheck,lint,test', '--parallel=1', '--nxBail=false'];
  const checked = node('nx/dist/bin/nx.js', 'run-many', ...targets, ...nxOptions) === 0;

  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const project of projects) {
    const counts = readCounts(resultOf(project));
    if (counts === undefined) console.error(`${project}: its tests left no result`);
    for (const [key, count] of Object.entries(counts ?? { failed: 1 })) sum[key] += count;
  }
  if (!formatted) console.error('Not formatted: see above, and run npm run format.');
  if (!imported) console.error('Imports are not as they should be: see above, and run npm run lint:imports.');
  if (!checked && sum.failed === 0) console.error('Type-check, lint or a test process failed: see above.');
  finish(sum, formatted && imported && checked);
}
