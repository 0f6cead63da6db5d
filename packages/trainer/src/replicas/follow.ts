// @no-effect-on-results
import { setImmediate } from 'node:timers/promises';
import type { Cluster, Message } from '@selfsup/engine/cluster';
import { UserError } from '@selfsup/kit/errors';
import { readCheckpoint, type Checkpoint } from '@selfsup/models/checkpoint';
import type { Feed, Trainee } from '../trainee.ts';

/** A training as one that follows sees it. */
interface Following<Batch> {
  readonly state: { readonly epoch: number; readonly batch: number };
  readonly plannedIndices: Uint32Array | undefined;
  /** Whether all stop after the newest step. */
  readonly stops: boolean;
  step(batch: Batch): unknown;
  /** What precedes an epoch and what is measured after it: here for the shares of it that this process has. */
  plan(): Promise<unknown>;
  measure(): Promise<unknown>;
  restore(checkpoint: Checkpoint): void;
}

/**
 * The training loop of a process that follows: it takes each step with the others, and its share of plans and evaluations. What
 * comes of these it takes over as the live checkpoint that the first writes after them. Comes back when the first begins another
 * training, or has begun that before: then this process is to go on to it. Else throws `Dismissed` or `Interrupted` when the first
 * is done, `ProcessLost` when that is gone, `UserError` when its checkpoint cannot be read here.
 */
export async function follow<Batch>(
  cluster: Cluster,
  training: Following<Batch>,
  {
    name,
    config,
    trainee,
    feed,
    identity,
  }: {
    readonly name: string;
    readonly config: { readonly epochs: number };
    readonly trainee: Pick<Trainee<Batch>, 'beforeEpoch'>;
    readonly feed: Feed<Batch>;
    readonly identity: string;
  },
): Promise<void> {
  const take = async ({ checkpoint }: Message): Promise<void> => {
    if (typeof checkpoint === 'string') training.restore(await readShared(checkpoint, identity));
    cluster.answer({ taken: checkpoint });
  };
  const takeOver = async (): Promise<void> => take(await cluster.hear());
  const begun = await cluster.hear();
  if (begun['begins'] !== beginning(name, identity)) return cluster.putBack(begun);
  await take(begun);
  while (training.state.epoch < config.epochs) {
    const { epoch, batch: startBatch } = training.state;
    if (startBatch === 0 && trainee.beforeEpoch !== undefined) {
      await training.plan();
      await takeOver();
    }
    for await (const batch of feed.epoch(epoch, startBatch, training.plannedIndices)) {
      training.step(batch);
      if (training.stops) break;
      await setImmediate(); // lets signals and worker messages in
    }
    if (!training.stops) await training.measure();
    await takeOver();
  }
  cluster.putBack(await cluster.hear());
}

/** How a training is called when the first process begins it. */
export function beginning(name: string, identity: string): string {
  return `${name}, ${identity}`;
}

/** A checkpoint that another process wrote, perhaps on another machine. */
async function readShared(path: string, identity: string): Promise<Checkpoint> {
  const remedy = 'The folder of the results (SELFSUP_ARTIFACTS) must lie on a file system that all processes share.';
  let timer!: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UserError('No answer within a minute', { file: path })), 55_000);
  });
  try {
    const checkpoint = await Promise.race([readCheckpoint(path), late]);
    if (checkpoint.metadata['identity'] !== identity) {
      throw new Error(`${path} is of another training than this process's: they disagree on config, code or data.`);
    }
    return checkpoint;
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    throw new UserError(`What the first process saved cannot be read here: ${cause.message}`, {
      file: path,
      remedy,
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}
