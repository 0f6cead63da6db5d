// A training step shared by processes, ours and PyTorch's DDP over gloo: node --import tsx bench/scale/run.ts [--help]
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { median, requireRows, rowsOf } from '../train-step/rows.ts';
import { loadSystem } from '../train-step/system.ts';
import { measureGroup, type Group, type GroupMeasurement } from './group.ts';

/** Networks and numbers of images for a machine of two cores and 24 GB: `batch` is that of all processes together. */
const cases = {
  'nin-64': { system: 'nin', width: 64, batch: 128, warmUp: 6, steps: 10 },
  'nin-192': { system: 'nin', width: 192, batch: 128, warmUp: 3, steps: 4 },
  alexnet: { system: 'alexnet', width: 64, batch: 64, warmUp: 3, steps: 3 },
};

/** Processes × threads. */
const groups: Readonly<Record<string, Group>> = {
  '1x1': { processes: 1, threads: 1 },
  '1x2': { processes: 1, threads: 2 },
  '2x1': { processes: 2, threads: 1 },
  '4x1': { processes: 4, threads: 1 },
  apart: { processes: 2, threads: 1, isApart: true },
};
const rival = 'ddp-';
// Those that are compared stand side by side, so that a busy spell of the machine touches both.
const rows = ['1x1', 'ddp-1x1', '1x2', 'ddp-1x2', 'apart', '2x1', 'ddp-2x1', '4x1', 'ddp-4x1'];

/** What was measured, by row, of each round. */
type Found = ReadonlyMap<string, readonly GroupMeasurement[]>;

const { values: options } = parseArgs({
  options: {
    system: { type: 'string', default: Object.keys(cases).join(',') },
    rows: { type: 'string', default: rows.join(',') },
    rounds: { type: 'string' },
    batch: { type: 'string' },
    pytorch: { type: 'string', default: 'pytorch' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const { quick } = options;
if (options.help) {
  console.log(`Options: --system ${Object.keys(cases).join(',')} --rounds 3 --batch <of all processes together>`);
  console.log(`         --rows ${rows.join(',')}`);
  console.log('         --pytorch pytorch|pytorch-contiguous|… (rows of bench/train-step)');
  console.log('         --quick: one round of few small steps, which only shows that it runs');
  process.exit(0);
}
const rounds = Number(options.rounds ?? (quick ? 1 : 3));
const chosen = options.rows.split(',');
for (const row of chosen) if (!rows.includes(row)) throw new Error(`No row '${row}': ${rows.join(', ')}`);
const asked = options.system.split(',').map((name) => {
  if (!(name in cases)) throw new Error(`No system '${name}': ${Object.keys(cases).join(', ')}`);
  return name as keyof typeof cases;
});

let misses = 0;
console.log(`${cpus().length} × ${cpus()[0]?.model}; processes × threads`);
for (const name of asked) await measureCase(name);
process.exit(misses > 0 && !quick ? 1 : 0);

async function measureCase(name: keyof typeof cases): Promise<void> {
  const { system: systemName, width, ...usual } = cases[name];
  const system = await loadSystem(systemName);
  const all = rowsOf(systemName, system);
  requireRows(all, chosen.some((row) => row.startsWith(rival)) ? ['ours', options.pytorch] : ['ours']);
  const batch = Number(options.batch ?? (quick ? usual.batch / 4 : usual.batch));
  const counts = { warmUp: String(quick ? 3 : usual.warmUp), steps: String(quick ? 2 : usual.steps) };
  console.log(`\n${system.title}, width ${width}, ${batch} images a step`);
  const found = new Map(chosen.map((row) => [row, [] as GroupMeasurement[]]));
  for (let round = 1; round <= rounds; round++) {
    const began = performance.now();
    process.stdout.write(`round ${round}, load ${loadavg()[0]!.toFixed(1)}:`);
    for (const row of chosen) {
      const command = all[row.startsWith(rival) ? options.pytorch : 'ours']!;
      const measured = await measureGroup(command, groups[row.replace(rival, '')]!, { width, batch }, counts);
      found.get(row)!.push(measured);
      const adding = measured.adding > 0 ? ` (adding ${(100 * measured.adding).toFixed(0)} %)` : '';
      process.stdout.write(` ${row} ${measured.imagesPerSecond.toFixed(1)}${adding},`);
    }
    console.log(` images/s; ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  printTable(found);
  judge(found, 'apart', 'of two processes that do not talk', 0.9);
  judge(found, `${rival}2x1`, "of DDP's", 1);
}

function printTable(found: Found): void {
  const head = ['images/s'.padEnd(14), 'median', 'least', 'most', 'ms/step', 'adding', 'of it alone'];
  console.log(`\n${head.map((title, i) => (i === 0 ? title : title.padStart(12))).join('')}`);
  for (const [row, measured] of found) {
    const middle = (of: (one: GroupMeasurement) => number): number => median(measured.map(of));
    const speeds = measured.map(({ imagesPerSecond }) => imagesPerSecond);
    const share = (of: (one: GroupMeasurement) => number): string =>
      middle(of) > 0 ? `${(100 * middle(of)).toFixed(1)} %` : '';
    const cells = [median(speeds), Math.min(...speeds), Math.max(...speeds), 1000 * middle((one) => one.stepSeconds)];
    const shares = [share(({ adding }) => adding), share(({ addingAlone }) => addingAlone)];
    const texts = [...cells.map((value) => value.toFixed(1)), ...shares];
    console.log(row.padEnd(14) + texts.map((text) => text.padStart(12)).join(''));
  }
}

/** Two processes that share the step against another row, round by round. */
function judge(found: Found, other: string, words: string, goal: number): void {
  const [ours, theirs] = [found.get('2x1'), found.get(other)];
  if (ours === undefined || theirs === undefined) return;
  const ratios = ours.map(({ imagesPerSecond }, round) => imagesPerSecond / theirs[round]!.imagesPerSecond);
  const isMet = median(ratios) >= goal;
  if (!isMet) misses += 1;
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const verdict = quick ? 'too quick to tell' : isMet ? 'met' : 'MISSED';
  console.log(`2x1: ${median(ratios).toFixed(2)} ${words} (${spread} over rounds); goal ${goal}: ${verdict}`);
}
