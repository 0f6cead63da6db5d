import { readFileSync } from 'node:fs';
import type { StepShape } from './system.ts';

/** What one process measured. */
export interface Measurement {
  /** Seconds of each timed step. */
  readonly seconds: number[];
  /** Of these, seconds spent on adding over processes; PyTorch's scripts do not tell. */
  readonly partSeconds?: number[];
  /** Processor seconds of all threads per step: says less about a busy machine than the clock does. */
  readonly cpuSecondsPerStep: number;
  /** Most memory that was resident, in bytes. */
  readonly peakBytes: number;
  readonly lastLoss: number;
}

/**
 * Warming up and timing each go on for so long where the steps asked for are short: V8 compiles what it sees often. Processes that
 * share a step are told 0, so that all take the same number of steps.
 */
const leastSeconds = Number(process.env.BENCH_LEAST_SECONDS ?? 2);

/** What goes on around the steps, where others are measured at the same time. */
export interface Around {
  /** Called when warm: comes back when all are. */
  readonly begin?: () => void;
  /** Whether all have been timed: until then this one goes on, so that nobody is timed alone. */
  readonly isOver?: () => boolean;
  /** Milliseconds that have been spent on a part of the steps so far. */
  readonly spent?: () => number;
}

/** Times `step` after warming up, and prints the measurement as the last line, for `run.ts`. */
export function measure(step: () => number, warmUp: number, steps: number, around: Around = {}): void {
  const { begin, isOver = () => true, spent = () => 0 } = around;
  const warm = performance.now();
  for (let i = 0; i < warmUp || performance.now() - warm < leastSeconds * 1000; i++) step();
  begin?.();
  const seconds: number[] = [];
  const partSeconds: number[] = [];
  let lastLoss = Number.NaN;
  const before = process.cpuUsage();
  const timed = performance.now();
  for (let i = 0; i < steps || performance.now() - timed < leastSeconds * 1000; i++) {
    const [start, spentBefore] = [performance.now(), spent()];
    lastLoss = step();
    seconds.push((performance.now() - start) / 1000);
    partSeconds.push((spent() - spentBefore) / 1000);
  }
  const { user, system } = process.cpuUsage(before);
  while (!isOver()) step();
  const peak = /VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  const measurement: Measurement = {
    seconds,
    partSeconds,
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
