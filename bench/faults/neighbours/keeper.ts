import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const systems = ['selfsup', 'lightning', 'orbax', 'lmdb', 'dvc', 'nx'] as const;

/** What a keeper answers: the number of the state that it read, or what was the matter. */
export interface Answer {
  readonly number?: number;
  /** It is empty. */
  readonly nothing?: boolean;
  readonly wrong?: string;
  readonly error?: string;
  /** Its process ended. */
  readonly died?: boolean;
}

/** A process that keeps states with one of the systems. */
export interface Keeper {
  ask(line: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Keepers that are no Python. */
const scripts: Readonly<Record<string, string>> = { nx: 'keeper-nx.ts', selfsup: 'keeper-own.ts' };

/** Starts keeper.py, or the script that there is for a system. */
export function openKeeper(system: string, python: string, env: NodeJS.ProcessEnv): Keeper {
  const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const script = scripts[system];
  const words = script === undefined ? [python, at('keeper.py')] : [process.execPath, '--import', 'tsx', at(script)];
  const [program, ...args] = [...words, system];
  const child = spawn(program!, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await answers.next();
      return done === true ? { died: true } : (JSON.parse(value) as Answer);
    },
    async close() {
      child.stdin.end();
      await gone;
    },
  };
}
