// Milliseconds of a step at which arithmetic costs next to nothing, ours and PyTorch's, system by system:
// node --import tsx bench/overhead/run.ts [--systems nin,bigan] [--rounds 5]
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measureRow, median, requireRows, rowsOf } from '../train-step/rows.ts';
import { loadSystem, systemNames } from '../train-step/system.ts';

const { values: options } = parseArgs({
  options: {
    systems: { type: 'string' },
    rows: { type: 'string', default: 'ours,pytorch-contiguous,pytorch,pytorch-compile-contiguous' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
  },
});
const rows = options.rows.split(',');
const running = { threads: options.threads, warmUp: '20', steps: '20' };
const names = options.systems?.split(',') ?? systemNames();

console.log(
  `${options.threads} threads; ${cpus()[0]?.model}; milliseconds per step, median of ${options.rounds} rounds`,
);
for (const name of names) {
  const system = await loadSystem(name);
  if (system.tiny === undefined) {
    if (options.systems !== undefined) throw new Error(`The system '${name}' has no step without arithmetic`);
    continue;
  }
  const all = rowsOf(name, system);
  requireRows(all, rows);
  const found = new Map<string, number[]>(rows.map((row) => [row, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const row of rows) {
      const { seconds } = measureRow(all[row]!, system.tiny, running);
      found.get(row)!.push(1000 * median(seconds));
    }
  }
  const { width, batch } = system.tiny;
  console.log(`\n${system.title}, width ${width}, batch ${batch}; load ${loadavg()[0]!.toFixed(1)}`);
  for (const [row, times] of found) {
    const spread = `${Math.min(...times).toFixed(1)}–${Math.max(...times).toFixed(1)}`;
    console.log(`  ${all[row]!.title.padEnd(34)}${median(times).toFixed(1).padStart(8)}  (${spread})`);
  }
}
