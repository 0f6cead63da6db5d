import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The preloaded library of faulty-disk.c, and how it is told what to do. */
export interface Disk {
  /** The environment of programs whose disk is at the bench's mercy: `at` counts from 1, `span` 0 is for all from there on. */
  env(
    mode: 'count' | 'kill' | 'enospc' | 'eio' | 'hang' | 'log',
    how: { root: string; at?: number; span?: number },
  ): NodeJS.ProcessEnv;
  /** Operations since `env` was asked for last. */
  count(): number;
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
  return {
    log,
    env(mode, { root, at = 0, span = 1 }) {
      for (const file of [counter, log]) rmSync(file, { force: true });
      return {
        LD_PRELOAD: library,
        FAULTS_ROOT: root,
        FAULTS_COUNT: counter,
        FAULTS_LOG: log,
        FAULTS_MODE: mode,
        FAULTS_AT: String(at),
        FAULTS_SPAN: String(span),
      };
    },
    count: () => (existsSync(counter) ? Number(readFileSync(counter).readBigInt64LE(0)) : 0),
  };
}
