import { readFileSync } from 'node:fs';
import { cluster } from '@selfsup/engine/cluster';
import type { StepShape } from './system.ts';

/** What one process measured. */
export interface Measurement {
  /** Seconds of each timed step. */
  readonly seconds: number[];
  /** Processor seconds of all threads per step: says less about a busy machine than the clock does. */
  readonly cpuSecondsPerStep: number;
  /** Most memory that was resident, in bytes. */
  readonly peakBytes: number;
  readonly lastLoss: number;
}

/** Warming up and timing each go on for so long where the steps asked for are short: V8 compiles what it sees often. */
const LEAST_SECONDS = 2;

/** Times `step` after warming up, and prints the measurement as the last line, for `run.ts`. */
export function measure(step: () => number, warmUp: number, steps: number): void {
  // Processes that share a step take the same number of them.
  const leastSeconds = cluster() === undefined ? LEAST_SECONDS : 0;
  const warm = performance.now();
  for (let i = 0; i < warmUp || performance.now() - warm < leastSeconds * 1000; i++) step();
  const seconds: number[] = [];
  let lastLoss = Number.NaN;
  const before = process.cpuUsage();
  const timed = performance.now();
  for (let i = 0; i < steps || performance.now() - timed < leastSeconds * 1000; i++) {
    const start = performance.now();
    lastLoss = step();
    seconds.push((performance.now() - start) / 1000);
  }
  const { user, system } = process.cpuUsage(before);
  const peak = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  const measurement: Measurement = {
    seconds,
    cpuSecondsPerStep: (user + system) / 1e6 / seconds.length,
    peakBytes: Number(peak![1]) * 1024,
    lastLoss,
  };
  console.log(JSON.stringify(measurement));
}

/** Settings that `run.ts` hands to each process: system, width, batch, warm-up, steps. */
export function settings(): { system: string; shape: StepShape; warmUp: number; steps: number } {
  const [system = 'nin', ...numbers] = process.argv.slice(2);
  const [width = 192, batch = 128, warmUp = 2, steps = 4] = numbers.map(Number);
  return { system, shape: { width, batch }, warmUp, steps };
}
