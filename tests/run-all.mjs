// Type-checks, lints and tests every project through Nx, then adds up vitest's own counts.
// The last line is `N passed, N failed`; the exit code is non-zero when anything failed or nothing ran.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const projects = [...readdirSync(join(root, 'packages')).map((name) => join('packages', name)), 'pipelines', 'tests'];
const resultOf = (project) => join(root, project, '.results', 'vitest.json');

for (const project of projects) rmSync(resultOf(project), { force: true });

const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
const run = spawnSync(
  process.execPath,
  [nx, 'run-many', '--targets=typecheck,lint,test', '--parallel=1', '--nxBail=false', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);

let passed = 0;
let failed = 0;
let skipped = 0;
for (const project of projects) {
  if (!existsSync(resultOf(project))) {
    console.error(`${project}: its tests left no result`);
    failed += 1;
    continue;
  }
  const result = JSON.parse(readFileSync(resultOf(project), 'utf8'));
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  skipped += result.numPendingTests + result.numTodoTests;
  // a suite that breaks while it loads counts no test: it still has to fail the run
  failed += result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
}
if (run.status !== 0 && failed === 0) console.error('Type-check, lint or a test process failed: see above.');
if (skipped > 0) console.log(`${skipped} skipped: they compare with PyTorch, see bench/setup-oracles`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = run.status === 0 && failed === 0 && passed > 0 ? 0 : 1;
