// Nearest neighbours and a linear probe beside PyTorch and scikit-learn on the same files, in alternating rounds.
// node --import tsx bench/eval/run.ts [--rounds 5] [--only knn|probe]; exits with 1 when a goal is missed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { oraclePython } from '../oracle.ts';

/** Their time over ours, by the medians over rounds. */
const speedGoal = 1;
/** Points of accuracy, share of the loss and share of all neighbours by which we may differ. */
const tolerance = { accuracy: 0.05, loss: 0.001, neighbours: 0.0001 };
const threads = 2;

interface Timing {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly accuracies: Readonly<Record<string, number>>;
  readonly losses?: readonly number[];
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    /** A folder for the generated features that is kept and used again. */
    keep: { type: 'string' },
  },
});
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = oraclePython();
if (python === undefined) throw new Error('Run bench/setup-oracles first.');

function call<Answer>(command: string, args: readonly string[], settings: object): Answer {
  const env: NodeJS.ProcessEnv = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  for (const name of ['SELFSUP_THREADS', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS']) env[name] = String(threads);
  // OpenBLAS is left to choose its kernels: a forced older processor would only slow the oracles.
  for (const name of ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE']) delete env[name];
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const output = execFileSync(command, [...args, JSON.stringify(settings)], { encoding: 'utf8', stdio, env });
  return (output.trim() === '' ? {} : JSON.parse(output.trim().split('\n').at(-1)!)) as Answer;
}
const ours = <Answer>(name: string, settings: object) =>
  call<Answer>(process.execPath, ['--import', 'tsx', here(name)], settings);
const oracle = <Answer>(what: string, settings: object) =>
  call<Answer>(python, [here('oracle.py')], { threads, ...settings, what });

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const range = (values: readonly number[]) =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
function judge(what: string, isMet: boolean): void {
  console.log(`  ${what}: ${isMet ? 'met' : 'MISSED'}`);
  if (!isMet) process.exitCode = 1;
}

/** Times the rows in turns, so that a busy spell of the machine touches all of them, and judges ours by the others. */
function compare(rows: Readonly<Record<string, () => Timing>>): Record<string, Timing> {
  const timings = Object.fromEntries(Object.keys(rows).map((name) => [name, [] as Timing[]]));
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [name, measure] of Object.entries(rows)) timings[name]!.push(measure());
  for (const [name, all] of Object.entries(timings)) {
    const cpu = all.map(({ cpuSeconds }) => cpuSeconds);
    console.log(`  ${name.padEnd(19)} ${range(all.map(({ seconds }) => seconds))} s, ${range(cpu)} processor seconds`);
  }
  for (const name of Object.keys(rows).filter((other) => other !== 'ours')) {
    const ratios = timings[name]!.map(({ seconds }, round) => seconds / timings.ours![round]!.seconds);
    judge(`${name}'s time over ours ${range(ratios)}, goal at least ${speedGoal}`, median(ratios) >= speedGoal);
  }
  return Object.fromEntries(Object.entries(timings).map(([name, all]) => [name, all[0]!]));
}

function agree(name: string, what: string, difference: number, allowed: number): void {
  judge(
    `${what} differ from ${name}'s by at most ${difference.toPrecision(2)}, goal at most ${allowed}`,
    difference <= allowed,
  );
}

const greatest = (mine: object, theirs: object, difference: (a: number, b: number) => number): number =>
  Math.max(...Object.values(mine).map((value, i) => difference(value as number, Object.values(theirs)[i] as number)));

function prepare(folder: string, settings: { layer: string; train: number; test: number }): void {
  try {
    readFileSync(join(folder, 'features.json'));
  } catch {
    mkdirSync(folder, { recursive: true });
    oracle('features', settings);
  }
}

function knn(root: string): void {
  const folder = join(root, 'knn');
  const settings = {
    ...{ folder, layer: 'vectors', shape: [1, 1, 512], classes: 100, train: 50000, test: 10000, spread: 0.2 },
    ...{ k: [1, 5, 10, 50, 200], sigma: 0.1, piece: 500 },
  };
  prepare(folder, settings);
  console.log('eval/knn, 10,000 × 50,000 × 512, cosine, k up to 200, from the files to the accuracies');
  const found = compare({
    ours: () => ours<Timing>('knn.ts', settings),
    pytorch: () => oracle<Timing>('pytorch-knn', settings),
    'scikit-learn': () => oracle<Timing>('sklearn-knn', settings),
  });
  const accuracies = Object.entries(found.ours!.accuracies).map(([k, value]) => `k ${k}: ${value.toFixed(2)} %`);
  console.log(`  accuracies ${accuracies.join(', ')}`);
  const neighbours = (name: string, run: (more: object) => unknown): Int32Array => {
    const file = join(folder, `neighbours-${name}`);
    run({ ...settings, neighbours: file });
    const bytes = readFileSync(file);
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  };
  const mine = neighbours('ours', (more) => ours('knn.ts', more));
  const most = Math.max(...settings.k);
  for (const [name, what] of [
    ['pytorch', 'pytorch-knn'],
    ['scikit-learn', 'sklearn-knn'],
  ] as const) {
    const difference = greatest(found.ours!.accuracies, found[name]!.accuracies, (a, b) => Math.abs(a - b));
    agree(name, 'accuracies', difference, tolerance.accuracy);
    const theirs = neighbours(name, (more) => oracle(what, more));
    let missing = 0;
    for (let start = 0; start < mine.length; start += most) {
      const other = new Set(theirs.subarray(start, start + most));
      missing += mine.subarray(start, start + most).filter((row) => !other.has(row)).length;
    }
    agree(name, 'the sets of neighbours', missing / mine.length, tolerance.neighbours);
  }
}

function probe(root: string): void {
  const folder = join(root, 'probe');
  const settings = {
    ...{ folder, layer: 'maps', shape: [4, 4, 256], classes: 10, train: 50000, test: 10000, spread: 0.04 },
    ...{ epochs: 2, batchSize: 128 },
  };
  prepare(folder, settings);
  ours('probe.ts', { ...settings, start: true });
  console.log(
    'eval/linear-probe, two epochs of 50,000 × 4,096 with their tests on 10,000, batches of 128, from the files',
  );
  const found = compare({
    ours: () => ours<Timing>('probe.ts', settings),
    pytorch: () => oracle<Timing>('pytorch-probe', settings),
    // Its threads wait for each other so busily that on a shared machine one alone may be the faster.
    'pytorch, one thread': () => oracle<Timing>('pytorch-probe', { ...settings, threads: 1 }),
  });
  const figures = (values: object) =>
    Object.values(values)
      .map((value) => (value as number).toFixed(4))
      .join(', ');
  for (const [name, { losses, accuracies }] of Object.entries(found))
    console.log(`  ${name}: losses ${figures(losses!)}, accuracies ${figures(accuracies)}`);
  const loss = greatest(found.ours!.losses!, found.pytorch!.losses!, (a, b) => Math.abs(a / b - 1));
  agree('pytorch', 'losses', loss, tolerance.loss);
  const difference = greatest(found.ours!.accuracies, found.pytorch!.accuracies, (a, b) => Math.abs(a - b));
  agree('pytorch', 'accuracies', difference, tolerance.accuracy);
}

const root = options.keep ?? (await mkdtemp(join(tmpdir(), 'selfsup-bench-eval-')));
try {
  console.log(`${cpus()[0]?.model}, ${threads} threads, ${options.rounds} rounds`);
  if (options.only !== 'probe') knn(root);
  if (options.only !== 'knn') probe(root);
} finally {
  if (options.keep === undefined) await rm(root, { recursive: true, force: true });
}
