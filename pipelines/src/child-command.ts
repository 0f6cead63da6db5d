import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Interrupted } from '@selfsup/engine/stage';
import type { UnitId } from './artifacts.ts';
import type { Session } from './session.ts';

/** Thrown when a child command failed: it has told the user why already. */
export class ChildFailed extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`A stage failed with exit code ${exitCode}`);
    this.name = 'ChildFailed';
    this.exitCode = exitCode;
  }
}

const program = fileURLToPath(new URL('../bin/selfsup.mjs', import.meta.url));

/**
 * Runs one unit in a process of its own, so that its settings are in the environment before TensorFlow loads and
 * its memory goes back afterwards. Throws `Interrupted` when it was stopped, `ChildFailed` when it failed.
 */
export async function childCommand(
  session: Session,
  unit: UnitId,
  options: { force: boolean; overrides: readonly string[]; fullHash?: boolean },
): Promise<void> {
  const args =
    unit.kind === 'ingest'
      ? ['ingest', unit.dataset, ...(options.fullHash === true ? ['--full-hash'] : [])]
      : ['stage', unit.experiment, unit.stage, '--variant', unit.variant, '--seed', String(unit.seed)];
  if (unit.kind === 'stage') {
    for (const assignment of options.overrides) args.push('--set', assignment);
    if (session.dryRunFolder !== undefined) args.push('--dry-run-into', session.dryRunFolder);
  }
  if (options.force) args.push('--force');
  const child = spawn(process.execPath, [program, ...args], { cwd: session.workspace.root, stdio: 'inherit' });
  const forward = (): void => void child.kill('SIGTERM');
  session.signal.addEventListener('abort', forward);
  if (session.signal.aborted) forward();
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve(exitCode ?? (signal === null ? 1 : 128)));
  });
  session.signal.removeEventListener('abort', forward);
  if (code === 130 || (code !== 0 && session.signal.aborted)) throw new Interrupted('Stopped.');
  if (code !== 0) throw new ChildFailed(code);
}
