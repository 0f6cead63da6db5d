// A system's training step: ours against PyTorch and stock tfjs: node --import tsx bench/train-step/run.ts [--help]
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { oraclePython } from '../oracle.ts';
import { loadSystem, systemNames } from './system.ts';
import type { Measurement } from './timing.ts';

interface Row {
  readonly title: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = oraclePython();
const { values: options } = parseArgs({
  options: {
    system: { type: 'string', default: 'nin' },
    rows: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '4' },
    'warm-up': { type: 'string', default: '2' },
    width: { type: 'string' },
    batch: { type: 'string' },
    threads: { type: 'string', default: '2' },
    'no-profile': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const system = await loadSystem(options.system);
const { width, batch } = {
  width: Number(options.width ?? system.defaults.width),
  batch: Number(options.batch ?? system.defaults.batch),
};

const node = (script: string) => [process.execPath, '--import', 'tsx', here(script), options.system];
const pytorch = (layout: string, arithmetic: string) => [
  python ?? '',
  here(`systems/${options.system}.py`),
  layout,
  arithmetic,
];
const rows: Record<string, Row> = {
  ours: { title: 'ours', command: node('ours.ts') },
  ...(system.stock && { stock: { title: 'stock tfjs', command: node(system.stock) } }),
  pytorch: { title: 'PyTorch channels-last', command: pytorch('nhwc', 'fp32') },
  'ours-bf16': { title: 'ours, bf16 arithmetic', command: node('ours.ts'), environment: { SELFSUP_FPMATH: 'bf16' } },
  'pytorch-contiguous': { title: 'PyTorch contiguous', command: pytorch('nchw', 'fp32') },
  'pytorch-bf16': { title: 'PyTorch channels-last, bf16 autocast', command: pytorch('nhwc', 'bf16') },
};
const usual = ['ours', 'stock', 'pytorch'].filter((name) => name in rows);
if (options.help) {
  console.log(`Options: --system ${systemNames().join('|')} (default nin)`);
  console.log(`         --rows ${Object.keys(rows).join(',')} (default ${usual.join(',')}) --rounds 5 --steps 4`);
  console.log(`         --warm-up 2 --width ${width} --batch ${batch} --threads 2 --no-profile`);
  process.exit(0);
}

const environment = {
  ...process.env,
  SELFSUP_THREADS: options.threads,
  TF_NUM_INTRAOP_THREADS: options.threads,
  TF_NUM_INTEROP_THREADS: options.threads,
  OMP_NUM_THREADS: options.threads,
  BENCH_THREADS: options.threads,
  TF_CPP_MIN_LOG_LEVEL: '2',
};
const shape = [String(width), String(batch), options['warm-up'], options.steps];

function execute({ command, environment: own }: Row): string {
  const [program, ...given] = command;
  const env = { ...environment, ...own };
  return execFileSync(program!, [...given, ...shape], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function measureOnce(row: Row): Measurement {
  return JSON.parse(execute(row).trim().split('\n').at(-1)!) as Measurement;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const chosen = options.rows?.split(',') ?? usual;
for (const name of chosen) if (!(name in rows)) throw new Error(`No row '${name}': ${Object.keys(rows).join(', ')}`);
if (python === undefined && chosen.some((name) => name.startsWith('pytorch'))) {
  throw new Error('PyTorch is not set up: run bench/setup-oracles, or leave its rows out with --rows ours');
}

const load = () => `load ${loadavg()[0]!.toFixed(1)}`;
console.log(`${system.title}, width ${width}, batch ${batch}, ${options.threads} threads; ${cpus()[0]?.model}`);
const found = new Map<string, Measurement[]>(chosen.map((name) => [name, []]));
for (let round = 1; round <= Number(options.rounds); round++) {
  // Rows take turns inside a round, so that a busy spell of the machine touches all of them.
  const line = chosen.map((name) => {
    const measurement = measureOnce(rows[name]!);
    found.get(name)!.push(measurement);
    return `${name} ${(batch / median(measurement.seconds)).toFixed(1)}`;
  });
  console.log(`round ${round}, ${load()}: ${line.join(', ')} images/s`);
}

const speeds = (name: string) => found.get(name)!.map(({ seconds }) => batch / median(seconds));
console.log(
  `\n${'images/s'.padEnd(38)}${'median'.padStart(8)}${'least'.padStart(8)}${'most'.padStart(8)}${'CPU s/step'.padStart(12)}${'peak MB'.padStart(9)}`,
);
for (const name of chosen) {
  const of = speeds(name);
  const cpu = median(found.get(name)!.map(({ cpuSecondsPerStep }) => cpuSecondsPerStep));
  const peak = Math.max(...found.get(name)!.map(({ peakBytes }) => peakBytes)) / 1e6;
  const cells = [median(of), Math.min(...of), Math.max(...of)].map((speed) => speed.toFixed(1).padStart(8));
  console.log(
    rows[name]!.title.padEnd(38) + cells.join('') + cpu.toFixed(2).padStart(12) + peak.toFixed(0).padStart(9),
  );
}
if (chosen.includes('ours')) {
  for (const name of chosen.filter((other) => other !== 'ours')) {
    const ratios = speeds('ours').map((speed, round) => speed / speeds(name)[round]!);
    const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)} over rounds`;
    console.log(`ours / ${rows[name]!.title}: ${median(ratios).toFixed(2)} (${spread})`);
  }
}
if (!options['no-profile']) {
  const text = execute({ title: 'profile', command: node('profile.ts') });
  console.log(`\n${text.trim()}`);
}
