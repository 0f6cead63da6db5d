import { maxMinutes } from '@selfsup/kit/numbers';
import type { Progress } from '@selfsup/kit/progress';
import { remotesOf, wantsExact } from '../declare/workspace-settings.ts';
import { findWorkspace, type Workspace } from '../declare/workspace.ts';
import type { Remotes } from '../remotes/remote-settings.ts';
import { openArtifacts, type Artifacts } from '../store/artifacts.ts';
import { labelledProgress } from './labelled-progress.ts';
import { after } from './time-limit.ts';

/** What every command works with. */
export interface Session {
  readonly workspace: Workspace;
  readonly artifacts: Artifacts;
  /** Aborted on Ctrl-C, a termination signal, or when the time given is up. */
  readonly signal: AbortSignal;
  readonly progress: (label: string) => Progress;
  /** The folder of a dry run; undefined otherwise. */
  readonly dryRunFolder?: string | undefined;
  /** Whether a result counts as done only where it was computed in a place like this one. */
  readonly exact: boolean;
  /** How many processes of this machine share the steps of a training that can be shared. */
  readonly processes: number;
  /** Where results are looked for that are not here. */
  readonly remotes: Remotes;
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

/**
 * Finds workspace and artifacts, and turns signals into an abort. `maxMinutes`, or SELFSUP_MAX_MINUTES, aborts by itself.
 * Throws `UserError` where that variable is no number of minutes, and outside of a workspace.
 */
export function openSession(
  options: {
    dryRunFolder?: string;
    maxMinutes?: number | undefined;
    exact?: boolean | undefined;
    processes?: number | undefined;
  } = {},
): Session {
  const workspace = findWorkspace();
  const minutes = options.maxMinutes ?? maxMinutes();
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
  if (minutes !== undefined) after(minutes * 60_000, () => controller.abort());
  return {
    workspace,
    artifacts: openArtifacts(workspace, options.dryRunFolder),
    signal: controller.signal,
    progress: labelledProgress,
    dryRunFolder: options.dryRunFolder,
    exact: wantsExact(workspace, options.exact),
    processes: options.processes ?? 1,
    remotes: remotesOf(workspace),
  };
}
