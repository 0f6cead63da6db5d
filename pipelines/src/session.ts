import type { Progress } from '@selfsup/engine/progress';
import type { Artifacts } from './artifacts.ts';
import { openArtifacts } from './artifacts.ts';
import { labelledProgress } from './labelled-progress.ts';
import { findWorkspace, type Workspace } from './workspace.ts';
import { wantsExact } from './workspace-settings.ts';

/** What every command works with. */
export interface Session {
  readonly workspace: Workspace;
  readonly artifacts: Artifacts;
  /** Aborted on Ctrl-C, a termination signal, or when the time given is up. */
  readonly signal: AbortSignal;
  readonly progress: (label: string) => Progress;
  /** The folder of a dry run; undefined in earnest. */
  readonly dryRunFolder?: string | undefined;
  /** Whether a result counts as done only where it was computed in a place like this one. */
  readonly exact: boolean;
}

let underWay = 0;

/**
 * Runs work that ends by itself soon after the session's signal is aborted, and saves what it has: until then no
 * further signal ends this process.
 */
export async function unbroken<Result>(work: () => Promise<Result>): Promise<Result> {
  underWay += 1;
  try {
    return await work();
  } finally {
    underWay -= 1;
  }
}

/** Finds workspace and artifacts, and turns signals into an abort. `maxMinutes` aborts by itself. */
export function openSession(
  options: { dryRunFolder?: string; maxMinutes?: number | undefined; exact?: boolean | undefined } = {},
): Session {
  const workspace = findWorkspace();
  const controller = new AbortController();
  let told = false;
  const stop = (): void => {
    // Terminals and schedulers send a signal to each process of a command, some of them twice at once.
    if (controller.signal.aborted && underWay === 0) process.exit(130);
    if (controller.signal.aborted && !told) {
      told = true;
      console.error(`Stopping: what is begun is saved first. (To give that up: kill -9 ${process.pid})`);
    }
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  // When Nx is killed its pipe breaks, but the work is to go on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const minutes = options.maxMinutes ?? (Number(process.env['SELFSUP_MAX_MINUTES']) || undefined);
  if (minutes !== undefined) setTimeout(() => controller.abort(), minutes * 60_000).unref();
  return {
    workspace,
    artifacts: openArtifacts(workspace, options.dryRunFolder),
    signal: controller.signal,
    progress: labelledProgress,
    dryRunFolder: options.dryRunFolder,
    exact: wantsExact(workspace, options.exact),
  };
}
