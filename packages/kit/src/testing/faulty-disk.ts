import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the disk does, in the order in which faulty-disk.c numbers it. */
const modes = ['count', 'kill', 'enospc', 'eio', 'log', 'hang'] as const;
type Mode = (typeof modes)[number];

/** The preloaded library of faulty-disk.c, and how it is told what to do. */
export interface Disk {
  /** The environment of programs whose disk is at the bench's mercy: `at` counts from 1, `span` 0 is for all from there on. */
  env(mode: Mode, how: { root: string; at?: number; span?: number }): NodeJS.ProcessEnv;
  /** Tells those that run what comes from now on, counted anew. */
  turn(mode: Exclude<Mode, 'log'>, how?: { at?: number; span?: number }): void;
  /** Operations since `env` or `turn` was asked for last. */
  count(): number;
  /** What it struck since then: `flush <path>`. */
  struck(): string[];
  /** Where mode 'log' writes. */
  readonly log: string;
}

/** Compiles the library, where that was not done, into `folder`. Needs a C compiler. */
export function openDisk(folder: string): Disk {
  mkdirSync(folder, { recursive: true });
  const source = fileURLToPath(new URL('faulty-disk.c', import.meta.url));
  const library = join(folder, 'disk.so');
  if (!existsSync(library) || statSync(library).mtimeMs < statSync(source).mtimeMs)
    execFileSync('cc', ['-O2', '-Wall', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  const counter = join(folder, 'count');
  const log = join(folder, 'log');
  const tell = (mode: Mode, { at = 0, span = 1 }: { at?: number; span?: number } = {}): void => {
    const told = Buffer.alloc(32);
    told.writeInt32LE(modes.indexOf(mode), 12);
    told.writeBigInt64LE(BigInt(at), 16);
    told.writeBigInt64LE(BigInt(span), 24);
    const file = openSync(counter, existsSync(counter) ? 'r+' : 'w');
    writeSync(file, told, 0, told.length, 0);
    closeSync(file);
  };
  return {
    log,
    env(mode, { root, ...how }) {
      // Those that may still run with what was there are not told of it.
      for (const file of [counter, log]) rmSync(file, { force: true });
      tell(mode, how);
      return { LD_PRELOAD: library, FAULTS_ROOT: root, FAULTS_COUNT: counter, FAULTS_LOG: log };
    },
    turn(mode, how) {
      rmSync(log, { force: true });
      tell(mode, how);
    },
    struck: () =>
      (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []).map((line) => line.replace('\t', ' ')),
    count: () => (existsSync(counter) ? Number(readFileSync(counter).readBigInt64LE(0)) : 0),
  };
}
