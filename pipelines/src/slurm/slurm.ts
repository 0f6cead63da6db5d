import { execFileSync, spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { UserError } from '@selfsup/kit/errors';

/** Whether Slurm's commands are here. */
export function hasSlurm(): boolean {
  return spawnSync('sbatch', ['--version']).error === undefined;
}

/** What Slurm's commands say where no controller answers them, or they do not know which to ask. */
const unreachable = /configuration source|contact slurm controller|Connection refused/i;

/** Runs one of Slurm's commands and gives what it prints. Throws `UserError` with its own words where it refuses. */
export function slurm(command: string, args: readonly string[], remedy?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status === 0) return stdout;
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    throw new UserError(`Slurm is not installed here: there is no ${command}`);
  const words = (error?.message ?? stderr).trim().replace(new RegExp(`^${command}: (error: )?`, 'gm'), '');
  if (unreachable.test(words)) {
    throw new UserError(`${command} is installed here, but reaches no cluster (${words.split('\n').at(-1)})`, {
      remedy: 'See that sinfo answers (SLURM_CONF names its settings). selfsup run does without Slurm.',
    });
  }
  throw new UserError(`${command} refuses: ${words}`, { remedy });
}

/** What Slurm's queue says of one job or element. */
export interface QueueLine {
  /** Such as `RUNNING` or `PENDING`. */
  readonly state: string;
  /** Why it waits, in Slurm's words. */
  readonly reason: string;
  /** When it is thought to start; `N/A` where that is open. */
  readonly start: string;
}

/** The user's jobs that have not ended, by `<job>` or `<job>_<index>`: one call. */
export function readQueue(): Map<string, QueueLine> {
  return parseQueue(slurm('squeue', ['-h', '-r', '-u', userInfo().username, '-o', '%F|%K|%T|%r|%S']));
}

/** The lines of `squeue -r -o '%F|%K|%T|%r|%S'`. */
export function parseQueue(text: string): Map<string, QueueLine> {
  const lines = text.split('\n').filter((line) => line.includes('|'));
  return new Map(
    lines.map((line) => {
      const [job, index, state, reason, start] = line.split('|') as [string, string, string, string, string];
      return [index === 'N/A' ? job : `${job}_${index}`, { state, reason, start }];
    }),
  );
}

/** Names of the partitions there are. */
export function partitions(): string[] {
  return [...new Set(slurm('sinfo', ['-h', '-o', '%R']).split('\n'))].filter((name) => name !== '');
}

/** How many kinds of nodes, by cores and features, some partitions have; where that cannot be told, one. */
export function kindsOfNodes(names: string | undefined): number {
  const of = names === undefined ? [] : ['-p', names];
  try {
    const lines = execFileSync('sinfo', ['-N', '-h', ...of, '-o', '%c %f'], { encoding: 'utf8' });
    return new Set(lines.trim().split('\n')).size;
  } catch {
    return 1;
  }
}
