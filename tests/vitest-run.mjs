// Runs vitest over the whole repository and says what its own result says.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * What vitest wrote to `file`: tests that passed, failed and were skipped. A file that breaks while it loads counts no
 * test: it counts as one that failed. Undefined where there is no result.
 */
export function readCounts(file) {
  if (!existsSync(file)) return undefined;
  const result = JSON.parse(readFileSync(file, 'utf8'));
  const broken = result.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.length,
  );
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

/** Ends with `N passed, N failed`; the exit code is non-zero when anything failed or nothing ran. */
export function finish({ passed, failed, skipped }, sound) {
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = sound && failed === 0 && passed > 0 ? 0 : 1;
}

/** `vitest run` with these arguments, to its end; then `finish`. */
export function runVitest(args) {
  const file = join(root, 'tests', '.results', 'chosen.json');
  rmSync(file, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const run = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: root, stdio: 'inherit' });
  finish(readCounts(file) ?? { passed: 0, failed: 0, skipped: 0 }, run.status === 0);
}
