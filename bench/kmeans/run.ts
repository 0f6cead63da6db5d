// k-means beside faiss and PyTorch in alternating rounds, and the memory of PCA and k-means on many wide rows.
// node --import tsx bench/kmeans/run.ts [--rounds 5] [--only speed|memory]; exits with 1 when a goal is missed.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { oraclePython } from '../oracle.ts';

const timeGoal = 0.5;
const objectiveGoal = 0.001;
const memoryGoal = 2e9;
const threads = 2;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, only: { type: 'string' } },
});
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function run<Answer>(command: string, args: readonly string[], settings: object): Answer {
  // OpenBLAS is left to choose its kernels: a forced older processor would only slow the oracles.
  const env: NodeJS.ProcessEnv = { ...process.env, SELFSUP_THREADS: String(threads) };
  for (const name of ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE', 'OMP_NUM_THREADS']) delete env[name];
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const output = execFileSync(command, [...args, JSON.stringify(settings)], { encoding: 'utf8', stdio, env });
  return (output.trim() === '' ? {} : JSON.parse(output.trim().split('\n').at(-1)!)) as Answer;
}
const script = <Answer>(name: string, settings: object) =>
  run<Answer>(process.execPath, ['--import', 'tsx', here(name)], settings);

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const range = (values: readonly number[]) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
function judge(what: string, isMet: boolean): void {
  console.log(`${what}: ${isMet ? 'met' : 'MISSED'}`);
  if (!isMet) process.exitCode = 1;
}

function speed(folder: string): void {
  const python = oraclePython();
  if (python === undefined) throw new Error('Run bench/setup-oracles first.');
  const settings = { data: join(folder, 'rows'), rows: 50000, width: 256, k: 1000, iterations: 20, threads };
  const oracle = <Answer>(what: string, more: object = {}) =>
    run<Answer>(python, [here('oracle.py')], { ...settings, what, ...more });
  oracle('data');

  interface Timing {
    readonly seconds: number;
    readonly cpuSeconds: number;
  }
  const places = { ours: '', faiss: '', pytorch: '' };
  type Row = keyof typeof places;
  const names = Object.keys(places) as Row[];
  for (const name of names) places[name] = join(folder, `centroids-${name}`);
  const timings: Record<Row, Timing[]> = { ours: [], faiss: [], pytorch: [] };
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const name of names) {
      const more = { centroids: places[name] };
      timings[name].push(
        name === 'ours' ? script<Timing>('ours.ts', { ...settings, ...more }) : oracle<Timing>(name, more),
      );
    }
  }
  const objectives = Object.fromEntries(
    names.map((name) => [name, oracle<{ objective: number }>('exact', { centroids: places[name] }).objective]),
  ) as Record<Row, number>;
  for (const name of names) {
    const seconds = timings[name].map((timing) => timing.seconds);
    const cpu = timings[name].map((timing) => timing.cpuSeconds);
    console.log(
      `${name.padEnd(8)} ${range(seconds)} s, ${range(cpu)} processor seconds, objective ${objectives[name].toFixed(2)}`,
    );
  }
  const ratios = timings.ours.map((timing, round) => timing.seconds / timings.faiss[round]!.seconds);
  judge(`time over faiss's ${range(ratios)}, goal at most ${timeGoal}`, median(ratios) <= timeGoal);
  const difference = objectives.ours / objectives.faiss - 1;
  judge(
    `objective over faiss's ${(100 * difference).toFixed(4)} %, goal within ${100 * objectiveGoal} %`,
    Math.abs(difference) <= objectiveGoal,
  );
}

async function memory(folder: string): Promise<void> {
  const settings = {
    width: 4096,
    components: 256,
    k: 1000,
    from: join(folder, 'features'),
    to: join(folder, 'reduced'),
  };
  for (const rows of [200000, 400000]) {
    const bytes = rows * 4 * (settings.width + settings.components);
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < bytes + 1e9) throw new Error(`${folder} needs ${(bytes / 1e9).toFixed(1)} GB of free space.`);
    script('features.ts', { to: settings.from, rows, width: settings.width });
    const found = script<Record<string, number>>('stream.ts', { ...settings, rows });
    console.log(
      `${rows} × 4096: PCA ${found.pcaSeconds!.toFixed(0)} s, projection ${found.projectSeconds!.toFixed(0)} s, ` +
        `k-means ${found.kmeansSeconds!.toFixed(0)} s, ${found.empty} empty clusters`,
    );
    const peak = found.peak!;
    judge(`  peak of memory ${(peak / 1e9).toFixed(2)} GB, goal at most ${memoryGoal / 1e9} GB`, peak <= memoryGoal);
    await rm(settings.from);
    await rm(settings.to);
  }
}

const folder = await mkdtemp(join(tmpdir(), 'selfsup-bench-kmeans-'));
try {
  if (options.only !== 'memory') speed(folder);
  if (options.only !== 'speed') await memory(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
