import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds a lease: what lets another process judge whether that one can still be at work. */
export interface Owner {
  /** Random, new for each lease: the only name that is never given twice. */
  readonly token: string;
  readonly pid: number;
  /** Start of that process: a number may be given to another process later. */
  readonly started: string;
  /** Names this boot of the machine; empty where the system does not say. */
  readonly boot: string;
  /** Names the space in which the number is meant: each container has its own. Empty where the system does not say. */
  readonly pidNamespace: string;
  readonly host: string;
  /** The job of a scheduler, and how often it was started again. */
  readonly job?: { readonly id: string; readonly restarts: number } | undefined;
}

/** This process as the owner of a new lease. */
export function thisOwner(environment: NodeJS.ProcessEnv = process.env): Owner {
  const id = environment['SLURM_JOB_ID'];
  return {
    token: randomBytes(8).toString('hex'),
    pid: process.pid,
    started: processStart(process.pid) ?? '',
    boot: readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    // A /proc of another namespace (unshare without --mount-proc) tells nothing about this process.
    pidNamespace: readOr(() =>
      readlinkSync('/proc/self') === String(process.pid) ? readlinkSync('/proc/self/ns/pid') : '',
    ),
    host: hostname(),
    ...(id === undefined
      ? {}
      : {
          job: {
            id: `${environment['SLURM_CLUSTER_NAME'] ?? ''}/${id}`,
            restarts: Number(environment['SLURM_RESTART_COUNT'] ?? 0),
          },
        }),
  };
}

/**
 * What `me` can tell at once of an owner: that it certainly runs no more, that its process is there (perhaps stopped),
 * or nothing, since it is on another machine or in another container.
 */
export function stateOf(owner: Owner, me: Owner): 'gone' | 'there' | 'unknown' {
  if (owner.job !== undefined && owner.job.id === me.job?.id && owner.job.restarts < me.job.restarts) return 'gone';
  const samePids =
    me.boot !== '' && me.pidNamespace !== '' && owner.boot === me.boot && owner.pidNamespace === me.pidNamespace;
  if (!samePids) return 'unknown';
  return isRunning(owner) ? 'there' : 'gone';
}

function isRunning({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = processStart(pid);
  // It is there, but a hardened /proc hides it.
  return now === undefined || now === started;
}

/** A text that differs between processes with the same number, '' for one that only waits to be collected. */
function processStart(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in brackets, may hold anything; state is the first field after it, start the twentieth.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : fields[19];
  } catch {
    return undefined;
  }
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
