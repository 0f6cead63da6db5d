import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { withoutMembership } from '@selfsup/engine/cluster';
import { UserError } from '@selfsup/kit/errors';
import { lossSignal } from '@selfsup/kit/lease';
import { Interrupted } from '@selfsup/kit/stage';
import type { Asked, Stage } from '../declare/stage.ts';
import { launch, processesFor, type End } from './launch.ts';
import { unbroken, type Session } from './session.ts';

/** Thrown when a child command failed: it has told the user why already. */
export class ChildFailed extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`A stage failed with exit code ${exitCode}`);
    this.name = 'ChildFailed';
    this.exitCode = exitCode;
  }
}

/** How a stage is to be brought up to date. */
export interface StageOptions extends Asked {
  /** Anew even where it is done. */
  readonly force: boolean;
  /** What must be exact has been announced already. */
  readonly announced?: boolean | undefined;
  /** What it needs has to be there: it is not made here. */
  readonly alone?: boolean | undefined;
  /** It runs beside others: with so many threads, and its lines name it. */
  readonly shared?: { readonly threads: number } | undefined;
}

/** The file that node runs as `selfsup`. */
export const program = fileURLToPath(new URL('../../bin/selfsup.mjs', import.meta.url));

/**
 * Runs one stage in a process of its own, so that its settings are in the environment before TensorFlow loads and
 * its memory goes back afterwards; in several where the session asks for them and the stage has steps to share. Throws
 * `Interrupted` when it was stopped, `ChildFailed` when it failed, `UserError` when something from outside ended it, so that it could not say why itself.
 */
export async function childCommand(session: Session, stage: Stage, options: StageOptions): Promise<void> {
  const args = [...stage.command];
  if (stage.kind === 'dataset') {
    if (options.path !== undefined) args.push('--path', options.path);
    if (options.fullHash === true) args.push('--full-hash');
  } else {
    if (session.exact) args.push('--exact');
    if (options.announced === true) args.push('--announced');
  }
  if (options.force) args.push('--force');
  const isJoint = (await processesFor(session, stage)) > 1;
  const { code, signal } = await unbroken(() =>
    isJoint
      ? launch(session, stage.label, [process.execPath, program, ...args])
      : runAlone(session, stage, args, options.shared),
  );
  const stopped = session.signal.aborted && (signal === null || stopSignals.includes(signal));
  if (code === 130 || (code !== 0 && stopped)) throw new Interrupted('Stopped.');
  if (signal === lossSignal) throw new ChildFailed(1);
  if (signal !== null) throw endedFromOutside(stage, signal);
  if (code !== 0) throw new ChildFailed(code ?? 1);
}

/** One process; a termination of the session is handed on. */
async function runAlone(
  session: Session,
  stage: Stage,
  args: readonly string[],
  shared: StageOptions['shared'],
): Promise<End> {
  const { [nxTask]: _nx, ...inherited } = withoutMembership(process.env);
  const env = shared === undefined ? inherited : { ...inherited, SELFSUP_THREADS: String(shared.threads) };
  const child = spawn(process.execPath, [program, ...args], {
    ...{ cwd: session.workspace.root, env },
    stdio: shared === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  passOn(child.stdout, stage.label, (line) => console.log(line));
  passOn(child.stderr, stage.label, (line) => console.error(line));
  const forward = (): void => void child.kill('SIGTERM');
  session.signal.addEventListener('abort', forward);
  if (session.signal.aborted) forward();
  const end = await new Promise<End>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  session.signal.removeEventListener('abort', forward);
  return end;
}

/** Hands the lines of one of several commands on, each with the name of what it is about. */
function passOn(from: Readable | null, label: string, write: (line: string) => void): void {
  if (from === null) return;
  createInterface({ input: from }).on('line', (line) => write(line.includes(label) ? line : `${label}: ${line}`));
}

const nxTask = 'NX_TASK_TARGET_PROJECT';

/** Whether Nx started this process: of one that is killed it says nothing, so that the work belongs into a child. */
export function isUnderNx(): boolean {
  return process.env[nxTask] !== undefined;
}

const stopSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function endedFromOutside(stage: Stage, signal: NodeJS.Signals): UserError {
  const goOn = 'Run the same command again: it goes on from the last save.';
  const label = `${stage.label} was ended by the signal ${signal}`;
  if (signal === 'SIGKILL') {
    return new UserError(`${label}, most likely because the memory of this machine or container was used up`, {
      remedy: `Give it more memory, or ask for less: a smaller batchSize, fewer programs beside it. ${goOn}`,
    });
  }
  if (['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGABRT', 'SIGFPE'].includes(signal)) {
    return new UserError(`${label}: a fault in native code, such as TensorFlow's, or a full memory disk`, {
      remedy: `${goOn} If it ends so again, npx selfsup doctor shows whether the engine is whole.`,
    });
  }
  return new UserError(`${label}, which another program or a scheduler has sent`, { remedy: goOn });
}
