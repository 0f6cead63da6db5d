import { execFileSync, type ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const hour = 3600;
/** By how much a clock is moved, in seconds. */
export const shifts = { 'an hour back': -hour, 'a year forward': 365 * 24 * hour, 'a second back': -1 };
export type Shift = keyof typeof shifts;
export const shiftNames = Object.keys(shifts) as Shift[];

/** A clock of the programs that run with `env`; files keep the times of the real one. */
export interface Clock {
  readonly env: NodeJS.ProcessEnv;
  /** Moves it by so many seconds from the real one, at once, in programs that run too. */
  set(seconds: number): void;
  /** By how many seconds a program that is started with it is off now, and the hours of its zone from UTC. */
  read(env?: NodeJS.ProcessEnv): { readonly off: number; readonly zone: number };
}

/** Makes a clock that is right, in a folder of its own. */
export function openClock(folder: string, name: string): Clock {
  const library = join(folder, 'clock.so');
  const file = join(folder, `${name}.shift`);
  const source = fileURLToPath(new URL('../native/clock.c', import.meta.url));
  if (!existsSync(library)) execFileSync('cc', ['-O2', '-Wall', '-shared', '-fPIC', '-o', library, source]);
  writeFileSync(file, Buffer.alloc(8));
  const env = { LD_PRELOAD: library, CLOCK_SHIFT: file };
  return {
    env,
    set(seconds) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(Math.round(seconds)));
      // In place: it is mapped.
      writeFileSync(file, bytes, { flag: 'r+' });
    },
    read(more = {}) {
      const program = 'console.log(Date.now(), -new Date().getTimezoneOffset())';
      const text = execFileSync(process.execPath, ['--eval', program], { env: { ...process.env, ...env, ...more } });
      const [time, minutes] = text.toString().split(' ').map(Number);
      return { off: (time! - Date.now()) / 1000, zone: minutes! / 60 };
    },
  };
}

/** Waits until a command says that its stage has started; false where it ends before. */
export function started(child: ChildProcess): Promise<boolean> {
  let output = '';
  return new Promise((resolve) => {
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      if (/: started\n/.test(output)) resolve(true);
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', hear);
    child.on('close', () => resolve(false));
  });
}
