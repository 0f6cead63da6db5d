// @no-effect-on-results
import { UserError } from '@selfsup/kit/errors';

/** One of several processes that compute together, as whoever started them says it. */
export interface Membership {
  /** Counted from 0; the first leads. */
  readonly rank: number;
  /** Number of processes: a power of two above 1. */
  readonly size: number;
  /** Among the processes of this machine. */
  readonly localRank: number;
  /** Where the first process is waited for. */
  readonly host: string;
  readonly port: number;
  /** What tells its processes from those of another start on the same port; may be empty. */
  readonly job: string;
}

/** All variables that make a process one of several: those that it starts are none of them. */
const variables =
  /^(?:TF_CONFIG|RANK|WORLD_SIZE|LOCAL_RANK|MASTER_ADDR|MASTER_PORT|SELFSUP_JOB|SLURM_STEP_NUM_TASKS|TORCHELASTIC_.*)$/;

/** An environment without what makes a process one of several. */
export function withoutMembership(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !variables.test(name)));
}

/**
 * Reads who this process is: from `TF_CONFIG` (TensorFlow's), else `RANK` and `WORLD_SIZE` with `LOCAL_RANK`, `MASTER_ADDR`,
 * `MASTER_PORT` (torchrun's), else the variables of a task that `srun` started. Undefined where it is alone. Throws `UserError`
 * naming the variable that cannot be understood, and for a number of processes that is no power of two.
 */
export function membershipOf(environment: NodeJS.ProcessEnv): Membership | undefined {
  const found = ofTensorFlow(environment) ?? ofTorchrun(environment) ?? ofSlurm(environment);
  if (found === undefined || found.size === 1) return undefined;
  if (found.rank >= found.size)
    throw new UserError(`This is process ${found.rank} of ${found.size}`, { field: 'RANK' });
  if (!Number.isInteger(Math.log2(found.size))) {
    throw new UserError(`${found.size} processes cannot share a batch`, {
      remedy:
        'Start a power of two of them: sums are added in pairs, so that any number of processes gives the same bits.',
    });
  }
  return found;
}

interface TensorFlowConfig {
  readonly cluster?: Readonly<Record<string, readonly string[]>>;
  readonly task?: { readonly type?: string; readonly index?: number };
}

function ofTensorFlow({ TF_CONFIG: text, SELFSUP_JOB: job = '' }: NodeJS.ProcessEnv): Membership | undefined {
  if (!text) return undefined;
  const remedy =
    'It is TensorFlow’s: {"cluster": {"worker": ["host:port", …]}, "task": {"type": "worker", "index": 0}}.';
  let config: TensorFlowConfig;
  try {
    config = JSON.parse(text) as TensorFlowConfig;
  } catch (cause) {
    throw new UserError(`TF_CONFIG is no JSON: ${(cause as Error).message}`, { field: 'TF_CONFIG', remedy });
  }
  const { cluster = {}, task = {} } = config;
  const kinds = ['chief', 'worker'];
  const members = kinds.flatMap((kind) => (cluster[kind] ?? []).map((address, index) => ({ kind, index, address })));
  const rank = members.findIndex(({ kind, index }) => kind === (task.type ?? 'worker') && index === (task.index ?? 0));
  const [, host, port] = /^(.*):(\d+)$/.exec(members[0]?.address ?? '') ?? [];
  if (host === undefined || rank < 0) {
    throw new UserError('TF_CONFIG names no worker that this process could be', { field: 'TF_CONFIG', remedy });
  }
  const machine = (address: string): string => address.slice(0, address.lastIndexOf(':'));
  const own = machine(members[rank]!.address);
  const localRank = members.slice(0, rank).filter(({ address }) => machine(address) === own).length;
  return { rank, size: members.length, localRank, host, port: Number(port), job };
}

function ofTorchrun(environment: NodeJS.ProcessEnv): Membership | undefined {
  const { RANK, WORLD_SIZE, MASTER_ADDR: host = '127.0.0.1' } = environment;
  if (!RANK || !WORLD_SIZE) return undefined;
  const size = whole(environment, 'WORLD_SIZE', 1);
  const rank = whole(environment, 'RANK', 0);
  // torchrun's own store listens on its port, in another process.
  const offset = environment.TORCHELASTIC_USE_AGENT_STORE === 'True' ? 1 : 0;
  const port = size === 1 ? 0 : whole(environment, 'MASTER_PORT', 1) + offset;
  const localRank = environment.LOCAL_RANK ? whole(environment, 'LOCAL_RANK', 0) : rank;
  return { rank, size, localRank, host, port, job: environment.SELFSUP_JOB ?? environment.TORCHELASTIC_RUN_ID ?? '' };
}

/** Of a task of `srun`, which alone sets the number of the step's tasks: a batch script by itself is one process. */
function ofSlurm(environment: NodeJS.ProcessEnv): Membership | undefined {
  const { SLURM_STEP_NUM_TASKS, SLURM_JOB_ID = '0', SLURM_STEP_ID = '0' } = environment;
  if (!SLURM_STEP_NUM_TASKS) return undefined;
  const host = firstHost(environment.SLURM_STEP_NODELIST ?? environment.SLURM_JOB_NODELIST ?? '127.0.0.1');
  return {
    rank: whole(environment, 'SLURM_PROCID', 0),
    size: whole(environment, 'SLURM_STEP_NUM_TASKS', 1),
    localRank: whole(environment, 'SLURM_LOCALID', 0),
    host,
    // Any that all of a step arrive at, and two steps on one node seldom share.
    port: 20_000 + ((Number(SLURM_JOB_ID) * 31 + Number(SLURM_STEP_ID)) % 20_000),
    job: `${SLURM_JOB_ID}.${SLURM_STEP_ID}`,
  };
}

/** The first host of a list as Slurm writes it: `node[03-07,12],other` begins with `node03`. */
export function firstHost(list: string): string {
  const [, before = '', first, after = ''] = /^([^,[\]]*)(?:\[(\w+)[^\]]*\])?([^,[\]]*)/.exec(list) ?? [];
  return `${before}${first ?? ''}${after}`;
}

function whole(environment: NodeJS.ProcessEnv, name: string, least: number): number {
  const text = environment[name] ?? '';
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new UserError(`${name} is '${text}'`, { field: name, remedy: `Set it to a whole number from ${least} on.` });
}
