// A system's training step: ours against PyTorch and stock tfjs: node --import tsx bench/train-step/run.ts [--help]
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { execute, measureRow, median, requireRows, rivals, rowsOf } from './rows.ts';
import { loadSystem, systemNames } from './system.ts';
import type { Measurement } from './timing.ts';

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

const rows = rowsOf(options.system, system);
const usual = ['ours', 'stock', ...rivals].filter((name) => name in rows);
if (options.help) {
  console.log(`Options: --system ${systemNames().join('|')} (default nin)`);
  console.log(
    `         --rows ${Object.keys(rows)
      .filter((name) => name !== 'profile')
      .join(',')} (default ${usual.join(',')}) --rounds 5 --steps 4`,
  );
  console.log(`         --warm-up 2 --width ${width} --batch ${batch} --threads 2 --no-profile`);
  process.exit(0);
}

const chosen = options.rows?.split(',') ?? usual;
requireRows(rows, chosen);
const running = { threads: options.threads, warmUp: options['warm-up'], steps: options.steps };
const load = () => `load ${loadavg()[0]!.toFixed(1)}`;
console.log(`${system.title}, width ${width}, batch ${batch}, ${options.threads} threads; ${cpus()[0]?.model}`);
const found = new Map<string, Measurement[]>(chosen.map((name) => [name, []]));
for (let round = 1; round <= Number(options.rounds); round++) {
  // Rows take turns inside a round, so that a busy spell of the machine touches all of them.
  const line = chosen.map((name) => {
    const measurement = measureRow(rows[name]!, { width, batch }, running);
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
  const fastest = chosen
    .filter((name) => rivals.includes(name))
    .sort((a, b) => median(speeds(b)) - median(speeds(a)))[0];
  if (fastest !== undefined) console.log(`The fastest of PyTorch's rows: ${rows[fastest]!.title}`);
}
if (!options['no-profile']) {
  const text = execute(rows['profile']!, { width, batch }, running);
  console.log(`\n${text.trim()}`);
}
