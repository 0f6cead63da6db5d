import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { oraclePython } from '../oracle.ts';
import type { StepShape, System } from './system.ts';
import type { Measurement } from './timing.ts';

/** One way to take a system's step, as a process of its own. */
export interface Row {
  readonly title: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** How a process is started: threads, steps before timing and timed ones. */
export interface Running {
  readonly threads: string;
  readonly warmUp: string;
  readonly steps: string;
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** PyTorch's rows in float32: whoever of these is fastest is who we are held against. */
export const rivals = ['pytorch', 'pytorch-contiguous', 'pytorch-compile', 'pytorch-compile-contiguous'];

const python = oraclePython();

/** All rows of a system by name. */
export function rowsOf(name: string, { stock }: Pick<System, 'stock'>): Record<string, Row> {
  const node = (script: string) => [process.execPath, '--import', 'tsx', here(script), name];
  const pytorch = (layout: string, arithmetic: string, mode: string) => {
    return [python ?? '', here(`systems/${name}.py`), layout, arithmetic, mode];
  };
  return {
    ours: { title: 'ours', command: node('ours.ts') },
    ...(stock && { stock: { title: 'stock tfjs', command: node(stock) } }),
    pytorch: { title: 'PyTorch channels-last', command: pytorch('nhwc', 'fp32', 'eager') },
    'pytorch-contiguous': { title: 'PyTorch contiguous', command: pytorch('nchw', 'fp32', 'eager') },
    'pytorch-compile': { title: 'PyTorch compiled, channels-last', command: pytorch('nhwc', 'fp32', 'compile') },
    'pytorch-compile-contiguous': {
      title: 'PyTorch compiled, contiguous',
      command: pytorch('nchw', 'fp32', 'compile'),
    },
    'ours-bf16': { title: 'ours, bf16 arithmetic', command: node('ours.ts'), environment: { SELFSUP_FPMATH: 'bf16' } },
    'pytorch-bf16': { title: 'PyTorch channels-last, bf16 autocast', command: pytorch('nhwc', 'bf16', 'eager') },
    profile: { title: 'profile', command: node('profile.ts') },
  };
}

/** Throws `Error` where one of the chosen rows does not exist, or needs PyTorch, which is not set up. */
export function requireRows(rows: Readonly<Record<string, Row>>, chosen: readonly string[]): void {
  for (const row of chosen) if (!(row in rows)) throw new Error(`No row '${row}': ${Object.keys(rows).join(', ')}`);
  if (python === undefined && chosen.some((row) => row.startsWith('pytorch'))) {
    throw new Error('PyTorch is not set up: run bench/setup-oracles, or leave its rows out with --rows ours');
  }
}

/** Program, arguments and environment of a row's process. */
export function processOf(row: Row, { width, batch }: StepShape, { threads, warmUp, steps }: Running) {
  const [program, ...given] = row.command;
  const env = {
    ...process.env,
    SELFSUP_THREADS: threads,
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: threads,
    OMP_NUM_THREADS: threads,
    BENCH_THREADS: threads,
    TF_CPP_MIN_LOG_LEVEL: '2',
    ...row.environment,
  };
  return { program: program!, args: [...given, String(width), String(batch), warmUp, steps], env };
}

/** Runs a row; gives what it printed. */
export function execute(row: Row, shape: StepShape, running: Running): string {
  const { program, args, env } = processOf(row, shape, running);
  return execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The measurement that a row's process printed last. */
export function measurementIn(output: string): Measurement {
  return JSON.parse(output.trim().split('\n').at(-1)!) as Measurement;
}

/** Runs a row; gives what it measured. */
export function measureRow(row: Row, shape: StepShape, running: Running): Measurement {
  return measurementIn(execute(row, shape, running));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
