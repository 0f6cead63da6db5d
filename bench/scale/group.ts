import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@selfsup/engine/cluster';
import { measurementIn, median, processOf, type Row } from '../train-step/rows.ts';
import type { StepShape } from '../train-step/system.ts';
import type { Measurement } from '../train-step/timing.ts';

/** Processes, the threads of each, and whether they share the step: apart, they are what processes could reach at most. */
export interface Group {
  readonly processes: number;
  readonly threads: number;
  readonly isApart?: boolean;
}

/** What a group measured. */
export interface GroupMeasurement {
  readonly imagesPerSecond: number;
  readonly stepSeconds: number;
  /** Share of the step in which processes add, with waiting for each other, and the least that one of them needed. */
  readonly adding: number;
  readonly addingAlone: number;
}

/** Starts all processes of a row, each with its part of the batch, and waits for them. Throws `Error` where one fails. */
export async function measureGroup(
  row: Row,
  { processes, threads, isApart = false }: Group,
  { width, batch }: StepShape,
  counts: { readonly warmUp: string; readonly steps: string },
): Promise<GroupMeasurement> {
  const folder = mkdtempSync(join(tmpdir(), 'beside-'));
  const port = String(await freePort());
  const { program, args, env } = processOf(
    row,
    { width, batch: batch / processes },
    { ...counts, threads: `${threads}` },
  );
  const environmentOf = (rank: number): NodeJS.ProcessEnv => {
    if (processes === 1) return {};
    if (isApart) return { BENCH_BESIDE: folder, BENCH_BESIDE_COUNT: String(processes) };
    const [RANK, WORLD_SIZE] = [String(rank), String(processes)];
    return { RANK, WORLD_SIZE, LOCAL_RANK: RANK, MASTER_ADDR: '127.0.0.1', MASTER_PORT: port };
  };
  const runOne = (rank: number): Promise<Measurement> =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        env: { ...env, BENCH_LEAST_SECONDS: '0', ...environmentOf(rank) },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (data: Buffer) => (output += data.toString()));
      child.on('close', (code, signal) => {
        if (code === 0) resolve(measurementIn(output));
        else reject(new Error(`Process ${rank} of '${row.title}' ended with ${code ?? signal}`));
      });
    });
  try {
    const all = await Promise.all(Array.from({ length: processes }, (_, rank) => runOne(rank)));
    const own = all.map(({ seconds }) => median(seconds));
    const rates = own.map((seconds) => batch / processes / seconds);
    const stepSeconds = Math.max(...own);
    const parts = all.map(({ partSeconds = [0] }) => median(partSeconds));
    return {
      imagesPerSecond: isApart ? rates.reduce((sum, rate) => sum + rate) : batch / stepSeconds,
      stepSeconds,
      adding: Math.max(...parts) / stepSeconds,
      addingAlone: leastOfEachStep(all) / stepSeconds,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of each step the time of the process that came last to the sum, and so waited for nobody: the median over steps. */
function leastOfEachStep(all: readonly Measurement[]): number {
  const [first] = all;
  return median(first!.seconds.map((_, step) => Math.min(...all.map(({ partSeconds }) => partSeconds?.[step] ?? 0))));
}
