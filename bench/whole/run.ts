// A whole small experiment, from the ingested dataset to its metrics and report, beside its yardstick in PyTorch:
// SELFSUP_DATA=… node --import tsx bench/whole/run.ts [--experiment aed-small] [--rounds 5] [--folder <to keep>] [--quick]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { oraclePython } from '../oracle.ts';
import { median } from '../train-step/rows.ts';

/** Yardsticks of the same recipe: training, features, both probes, of trained and of random weights. */
const yardsticks: Readonly<Record<string, string>> = { 'aed-small': 'aed.py', 'aet-gan-small': 'aet_gan.py' };
/** What is trained in each. Yardsticks measure it once, at its end, where our experiments also do so on the way. */
const evaluated: Readonly<Record<string, readonly string[]>> = {
  'aed-small': ['pretrain'],
  'aet-gan-small': ['generator', 'pretrain'],
};
const probed = ['linear', 'conv'];

interface Usage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the process that took most. */
  readonly peakBytes: number;
}

const { values: options } = parseArgs({
  options: {
    experiment: { type: 'string', default: 'aed-small' },
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: 'ours,at-once,pytorch' },
    folder: { type: 'string' },
    threads: { type: 'string', default: '2' },
    /** One epoch of the pretext task alone on our side: shows that all runs, and compares nothing. */
    quick: { type: 'boolean', default: false },
  },
});
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const yardstick = yardsticks[options.experiment];
if (yardstick === undefined)
  throw new Error(`No yardstick of '${options.experiment}': ${Object.keys(yardsticks).join(', ')}`);
const python = oraclePython();
if (python === undefined) throw new Error('PyTorch is not set up: run bench/setup-oracles');

const folder = resolve(options.folder ?? mkdtempSync(join(tmpdir(), 'selfsup-whole-')));
const [artifacts, images] = [join(folder, 'artifacts'), join(folder, 'images')];
const env = {
  ...process.env,
  SELFSUP_ARTIFACTS: artifacts,
  SELFSUP_THREADS: options.threads,
  OMP_NUM_THREADS: options.threads,
  NO_COLOR: '1',
};
const selfsup = [process.execPath, here('../../pipelines/bin/selfsup.mjs')];

function execute(command: readonly string[]): string {
  const [program, ...given] = command;
  return execFileSync(program!, given, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1e8 });
}

const quick = {
  ours: ['--stage', 'pretrain', '--set', 'pretrain.config.epochs=1', '--set', 'pretrain.config.data.subset.count=500'],
  pytorch: ['--epochs', '1', '--images', '500'],
};
const ours = [
  ...[...selfsup, 'run', options.experiment, '--seed', '1', ...(options.quick ? quick.ours : [])],
  ...evaluated[options.experiment]!.flatMap((stage) => ['--set', `${stage}.config.evaluate.everyEpochs=1000`]),
  ...(options.quick ? [] : probed.flatMap((stage) => ['--set', `${stage}.config.testEvery=1000`])),
];
const commands: Readonly<Record<string, readonly string[]>> = {
  ours,
  // The trained and the random encoder need nothing of each other.
  'at-once': [...ours, '--at-once', '2'],
  pytorch: [
    ...[python, here(`../yardsticks/${yardstick}`), join(images, 'cifar10'), '--seed', '1'],
    ...(options.quick ? quick.pytorch : []),
  ],
};
const rows = options.rows.split(',');
for (const row of rows) if (!(row in commands)) throw new Error(`No row '${row}': ${Object.keys(commands).join(', ')}`);

/** Everything of the experiment but the dataset goes before each run. */
function clear(): void {
  for (const name of [options.experiment, 'work']) rmSync(join(artifacts, name), { recursive: true, force: true });
}

console.log(`${options.experiment}, ${options.threads} threads; ${cpus()[0]?.model}; in ${folder}`);
execute([...selfsup, 'ingest', 'cifar10']);
if (!existsSync(images)) execute([...selfsup, 'export', 'cifar10', '--format', 'folder', '--to', images]);
const found = new Map<string, Usage[]>(rows.map((row) => [row, []]));
for (let round = 1; round <= Number(options.rounds); round++) {
  const line = rows.map((row) => {
    clear();
    const usage = JSON.parse(execute([python, here('measure.py'), ...commands[row]!])) as Usage;
    found.get(row)!.push(usage);
    return `${row} ${usage.seconds.toFixed(0)} s`;
  });
  console.log(`round ${round}, load ${loadavg()[0]!.toFixed(1)}: ${line.join(', ')}`);
}
for (const [row, usages] of found) {
  const of = (field: keyof Usage) => median(usages.map((usage) => usage[field]));
  const cpu = `${of('cpuSeconds').toFixed(0)} s of processors`;
  console.log(`${row}: ${of('seconds').toFixed(0)} s, ${cpu}, peak ${(of('peakBytes') / 1e6).toFixed(0)} MB`);
}
const theirs = found.get('pytorch');
for (const row of theirs === undefined ? [] : rows.filter((name) => name !== 'pytorch')) {
  const ratios = found.get(row)!.map(({ seconds }, round) => theirs![round]!.seconds / seconds);
  console.log(`PyTorch / ${row}: ${median(ratios).toFixed(2)}`);
}
if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
