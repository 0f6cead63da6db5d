// Help for the tests of processes that compute together: starts a program several times, as a launcher does.
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../cluster/rendezvous.ts';

/** How a process ended, and what it printed. */
interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export interface TogetherOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of standard output; `kill` ends a process without a chance to save. */
  readonly onLine?: (line: string, rank: number, kill: (rank: number, signal?: NodeJS.Signals) => void) => void;
}

/** Runs a program of TypeScript in `size` processes that find each other, one thread each; gives their ends by rank. */
export async function runTogether(
  program: URL,
  size: number,
  args: readonly string[],
  { env = {}, onLine }: TogetherOptions = {},
): Promise<Ended[]> {
  const shared = { WORLD_SIZE: String(size), MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(await freePort()) };
  const children: ChildProcess[] = [];
  const kill = (rank: number, signal: NodeJS.Signals = 'SIGKILL'): void => void children[rank]!.kill(signal);
  const runOne = (rank: number): Promise<Ended> =>
    new Promise((resolve, reject) => {
      const own = { RANK: String(rank), LOCAL_RANK: String(rank), SELFSUP_THREADS: '1', ...env };
      const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), fileURLToPath(program), ...args], {
        env: { ...process.env, ...shared, ...own },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      let output = '';
      let rest = '';
      child.stdout.on('data', (data: Buffer) => {
        output += data.toString();
        const lines = (rest + data.toString()).split('\n');
        rest = lines.pop()!;
        for (const line of lines) onLine?.(line, rank, kill);
      });
      child.stderr.on('data', (data: Buffer) => (output += data.toString()));
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, output }));
    });
  return Promise.all(Array.from({ length: size }, (_, rank) => runOne(rank)));
}
