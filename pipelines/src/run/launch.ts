import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, shieldVariables, withoutMembership } from '@selfsup/engine/cluster';
import { setUpEngine } from '@selfsup/engine/status';
import { usableCores } from '@selfsup/kit/cpu-quota';
import { UserError } from '@selfsup/kit/errors';
import type { Prepared, Stage } from '../declare/stage.ts';
import type { Session } from './session.ts';

/** How a command ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The exit code of a process that was left by another: all are to begin again from the last checkpoint. */
const LOST = 75;
const STOPPED = 130;
const MOST_RESTARTS = 3;
/** Milliseconds in which the others end by themselves once one has ended: a process that waits for another hears no signal. */
const GRACE = { afterFailure: 3000, afterStop: 60_000 };

/**
 * By how many processes a stage is computed: as many as the session asks for where so many can share its work, one where it has
 * nothing to share. Throws `UserError` where it has for fewer.
 */
export async function processesFor(session: Session, stage: Stage): Promise<number> {
  const { processes } = session;
  if (processes === 1 || stage.kind === 'dataset' || stage.dryRun) return 1;
  const most = mostProcesses(await stage.prepare(session));
  if (most === 1) return 1;
  if (processes <= most) return processes;
  throw new UserError(`${stage.label} cuts its batches into ${most} parts, which ${processes} processes cannot share`, {
    field: '--processes',
    remedy: `Take at most ${most}, or set 'replicas' of its config, which makes it another training.`,
  });
}

/** How many processes can share a stage: as many as it cuts its batches into, any number where it shares other work, else one. */
export function mostProcesses({ config, shares }: Pick<Prepared, 'config' | 'shares'>): number {
  const { replicas = 1 } = config as { readonly replicas?: number };
  return replicas === 1 && shares === true ? Infinity : replicas;
}

/** Throws `UserError`, before anything starts, as `processesFor`, and where no stage has anything to share. */
export async function checkProcesses(session: Session, stages: readonly Stage[]): Promise<void> {
  if (session.processes === 1) return;
  let most = 1;
  for (const stage of stages) most = Math.max(most, await processesFor(session, stage));
  if (most > 1 || stages.some(({ dryRun }) => dryRun)) return;
  throw new UserError('No stage of it could use several processes: none cuts its batches into parts', {
    field: '--processes',
    remedy:
      "Set 'replicas' of a pretraining's config to that number or more, such as --set pretrain.config.replicas=4.",
  });
}

/**
 * Runs a command in several processes of this machine, which find each other. When one ends the others do; where one was lost
 * all are started again, up to three times. Gives the end that tells most. A termination of the session is handed on.
 */
export async function launch(session: Session, label: string, command: readonly string[]): Promise<End> {
  await setUpEngine({ progress: session.progress(label) });
  const shield = shieldVariables();
  if (shield === undefined) {
    const open = 'TensorFlow listens on all addresses while processes compute together, and asks nobody who they are';
    session
      .progress(label)
      .warn(`${open}: trust your network, or run npx nx run engine:setup, which keeps it to this machine`);
  }
  for (let restarts = 0; ; restarts++) {
    const end = await once(session, command, shield ?? {});
    const isLost = end.code === LOST || (end.signal !== null && end.signal !== 'SIGALRM');
    if (!isLost || restarts === MOST_RESTARTS || session.signal.aborted) return end;
    session
      .progress(label)
      .note(
        `A process was lost; all ${session.processes} start again from the last checkpoint (${restarts + 1} of ${MOST_RESTARTS})`,
      );
  }
}

async function once(session: Session, [program, ...args]: readonly string[], shield: NodeJS.ProcessEnv): Promise<End> {
  const { processes } = session;
  const shared = {
    ...withoutMembership(process.env),
    ...shield,
    WORLD_SIZE: String(processes),
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: String(await freePort()),
    SELFSUP_JOB: randomBytes(16).toString('hex'),
    SELFSUP_THREADS: process.env['SELFSUP_THREADS'] ?? String(Math.max(1, Math.floor(usableCores() / processes))),
  };
  const children = Array.from({ length: processes }, (_, rank) => {
    const env = { ...shared, RANK: String(rank), LOCAL_RANK: String(rank) };
    const stdio = rank === 0 ? ('inherit' as const) : (['ignore', 'ignore', 'pipe'] as const);
    const child = spawn(program!, args, { cwd: session.workspace.root, env, stdio: stdio as 'inherit' });
    if (child.stderr !== null) tellErrors(child, rank);
    return child;
  });
  const forward = (): void => children.forEach((child) => void child.kill('SIGTERM'));
  session.signal.addEventListener('abort', forward);
  if (session.signal.aborted) forward();
  try {
    return await endOfAll(children);
  } finally {
    session.signal.removeEventListener('abort', forward);
  }
}

function tellErrors({ stderr }: ChildProcess, rank: number): void {
  createInterface({ input: stderr! }).on('line', (line) => process.stderr.write(`process ${rank}: ${line}\n`));
}

/** Waits for all; once one has ended the others are given a moment, then killed. */
async function endOfAll(children: readonly ChildProcess[]): Promise<End> {
  const ends: End[] = [];
  const running = new Set(children);
  const timer = new AbortController();
  const killLater = async (milliseconds: number): Promise<void> => {
    await sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined);
    if (!timer.signal.aborted) for (const child of running) child.kill('SIGKILL');
  };
  let killing = false;
  await Promise.all(
    children.map(
      (child) =>
        new Promise<void>((resolve, reject) => {
          child.on('error', reject);
          child.on('close', (code, signal) => {
            running.delete(child);
            // Those that are killed here tell nothing.
            if (!killing || signal !== 'SIGKILL') ends.push({ code, signal });
            const isFailure = signal !== null || (code !== 0 && code !== STOPPED);
            if (isFailure && !killing) {
              killing = true;
              void killLater(GRACE.afterFailure);
            } else if (running.size > 0) void killLater(GRACE.afterStop);
            resolve();
          });
        }),
    ),
  );
  timer.abort();
  return mostTelling(ends);
}

/** An error of its own before the loss of another, that before a stop. */
export function mostTelling(ends: readonly End[]): End {
  const weight = ({ code, signal }: End): number => {
    if (signal !== null) return 3;
    return code === 0 ? 0 : code === STOPPED ? 1 : code === LOST ? 2 : 4;
  };
  return ends.reduce((most, end) => (weight(end) > weight(most) ? end : most));
}
