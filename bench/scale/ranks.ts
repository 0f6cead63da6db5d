import type { ChildProcess } from 'node:child_process';
import { freePort, shieldVariables } from '@selfsup/engine/cluster';
import { ended, killGroup, type Ended, type Workspace } from '../faults/workspace.ts';

/** Processes that compute one stage together, as a scheduler starts them: nobody starts them again. */
export interface Ranks {
  /** Once the first has met the others and begun, or has ended. */
  readonly begun: Promise<void>;
  /** Their ends by rank. */
  readonly over: Promise<Ended[]>;
  /** Ends one as `kill -9` does. */
  kill(rank: number): void;
}

/** Starts a command of the pipeline as so many processes. */
export async function startRanks(workspace: Workspace, size: number, args: readonly string[]): Promise<Ranks> {
  const shared = {
    ...shieldVariables(),
    WORLD_SIZE: String(size),
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: String(await freePort()),
  };
  const children = Array.from({ length: size }, (_, rank) => {
    const env = size === 1 ? {} : { ...shared, RANK: String(rank), LOCAL_RANK: String(rank) };
    return workspace.start('selfsup', args, env);
  });
  return {
    begun: told(children[0]!, ': started'),
    over: Promise.all(children.map((child) => ended(child))),
    kill: (rank) => killGroup(children[rank]!),
  };
}

function told(child: ChildProcess, words: string): Promise<void> {
  let output = '';
  return new Promise((resolve) => {
    child.on('close', () => resolve());
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-10_000);
        if (output.includes(words)) resolve();
      });
    }
  });
}
