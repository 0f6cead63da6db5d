// A training step shared by processes, ours and PyTorch's DDP over gloo: node --import tsx bench/scale/run.ts [--help]
import { spawn } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { freePort } from '@selfsup/engine/cluster';
import { median, requireRows, rowsOf, type Row } from '../train-step/rows.ts';
import { loadSystem } from '../train-step/system.ts';
import type { Measurement } from '../train-step/timing.ts';

const { values: options } = parseArgs({
  options: {
    system: { type: 'string', default: 'nin' },
    width: { type: 'string', default: '64' },
    batch: { type: 'string', default: '128' },
    rows: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '4' },
    help: { type: 'boolean', default: false },
  },
});

/** Processes by threads, and whether they share the step: apart, they are what processes could reach at most. */
interface Shape {
  readonly processes: number;
  readonly threads: number;
  readonly apart?: boolean;
}
const shapes: Readonly<Record<string, Shape>> = {
  '1x1': { processes: 1, threads: 1 },
  '1x2': { processes: 1, threads: 2 },
  '2x1': { processes: 2, threads: 1 },
  '4x1': { processes: 4, threads: 1 },
  '2x1-apart': { processes: 2, threads: 1, apart: true },
};
const names = Object.keys(shapes).flatMap((shape) => (shape === '2x1-apart' ? [shape] : [shape, `ddp-${shape}`]));
if (options.help) {
  console.log(`Options: --system nin|alexnet|… --width 64 --batch 128 (of all processes together)`);
  console.log(`         --rows ${names.join(',')} --rounds 3 --steps 10 --warm-up 4`);
  process.exit(0);
}

const rows = rowsOf(options.system, await loadSystem(options.system));
const chosen = options.rows?.split(',') ?? names;
requireRows(rows, chosen.some((name) => name.startsWith('ddp')) ? ['ours', 'pytorch'] : ['ours']);
const batch = Number(options.batch);

/** Starts all processes of a row; gives images a second. */
async function measureShape(row: Row, { processes, threads, apart = false }: Shape): Promise<number> {
  const port = String(await freePort());
  const together = { WORLD_SIZE: String(processes), MASTER_ADDR: '127.0.0.1', MASTER_PORT: port };
  const [program, ...given] = row.command;
  const args = [...given, options.width, String(batch / processes), options['warm-up'], options.steps];
  const runOne = (rank: number): Promise<Measurement> =>
    new Promise((resolve, reject) => {
      const count = String(threads);
      const env = {
        ...process.env,
        ...{ SELFSUP_THREADS: count, OMP_NUM_THREADS: count, BENCH_THREADS: count, TF_CPP_MIN_LOG_LEVEL: '2' },
        ...(processes > 1 && !apart && { ...together, RANK: String(rank), LOCAL_RANK: String(rank) }),
      };
      const child = spawn(program!, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (data: Buffer) => (output += data.toString()));
      child.on('close', (code) => {
        if (code !== 0) reject(new Error(`Process ${rank} of ${row.title} ended with ${code}`));
        else resolve(JSON.parse(output.trim().split('\n').at(-1)!) as Measurement);
      });
    });
  const all = await Promise.all(Array.from({ length: processes }, (_, rank) => runOne(rank)));
  const speeds = all.map(({ seconds }) => batch / processes / median(seconds));
  return apart ? speeds.reduce((sum, speed) => sum + speed) : processes * Math.min(...speeds);
}

console.log(
  `${options.system}, width ${options.width}, ${batch} images a step; ${cpus().length} × ${cpus()[0]?.model}`,
);
const found = new Map<string, number[]>(chosen.map((name) => [name, []]));
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const name of chosen) {
    const shape = shapes[name.replace('ddp-', '')];
    if (shape === undefined) throw new Error(`No row '${name}': ${names.join(', ')}`);
    found.get(name)!.push(await measureShape(rows[name.startsWith('ddp') ? 'pytorch' : 'ours']!, shape));
  }
  const line = chosen.map((name) => `${name} ${found.get(name)!.at(-1)!.toFixed(1)}`).join(', ');
  console.log(`round ${round}, load ${loadavg()[0]!.toFixed(1)}: ${line} images/s`);
}
for (const name of chosen) {
  const speeds = found.get(name)!;
  console.log(
    `${name.padEnd(12)} median ${median(speeds).toFixed(1)}, ${Math.min(...speeds).toFixed(1)}–${Math.max(...speeds).toFixed(1)}`,
  );
}
