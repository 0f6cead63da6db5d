import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { withoutMembership } from '@selfsup/engine/cluster';
import type { Asked, Stage } from '../declare/stage.ts';
import { refuseEnd } from './ended.ts';
import { launch, processesFor, type End } from './launch.ts';
import { unbroken, type Session } from './session.ts';

/** How a stage is to be brought up to date. */
export interface StageOptions extends Asked {
  /** Anew even where it is done. */
  readonly force: boolean;
  /** What runs this has looked at all stages of the run, and has said what must be exact. */
  readonly announced?: boolean | undefined;
  /** What it needs has to be there: it is not made here. */
  readonly alone?: boolean | undefined;
  /** Stages of the same run that nobody has looked at: that datasets have the images which they name, before hours are spent. */
  readonly beside?: readonly Stage[] | undefined;
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
  const end = await unbroken(() =>
    isJoint
      ? launch(session, stage.label, [process.execPath, program, ...args])
      : runAlone(session, stage, args, options.shared),
  );
  refuseEnd(stage.label, end, session.signal.aborted);
}

/** One process; a termination of the session is handed on. */
async function runAlone(
  session: Session,
  stage: Stage,
  args: readonly string[],
  shared: StageOptions['shared'],
): Promise<End> {
  const inherited = withoutMembership(process.env);
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
