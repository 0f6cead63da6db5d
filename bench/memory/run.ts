// Memory of training: growth over many steps of a small network, and the peak of the full one.
// node --import tsx bench/memory/run.ts [--steps 20000]; exits with 1 when a limit is passed.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Measurement } from '../train-step/timing.ts';

const growthLimit = 50e6;
const peakLimit = 2.6e9;

const { values: options } = parseArgs({
  options: { steps: { type: 'string', default: '20000' }, 'warm-up': { type: 'string', default: '1000' } },
});

function run(script: string, ...settings: readonly (string | number)[]): unknown {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const command = ['--import', 'tsx', path, ...settings.map(String)];
  const output = execFileSync(process.execPath, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const verdict = (value: number, limit: number) => (value <= limit ? 'within' : 'OVER') + ` ${megabytes(limit)}`;

const { peakBytes } = run('../train-step/ours.ts', 'nin', 192, 128, 2, 4) as Measurement;
console.log(`NIN-192, batch 128, 6 steps: peak ${megabytes(peakBytes)} (${verdict(peakBytes, peakLimit)})`);

const grown = run('growth.ts', 8, 16, options.steps, options['warm-up']) as Record<'growth' | 'mostGrowth', number>;
const growth = Math.max(grown.growth, grown.mostGrowth);
console.log(`NIN-8, batch 16, ${options.steps} steps: growth ${megabytes(growth)} (${verdict(growth, growthLimit)})`);
process.exitCode = peakBytes > peakLimit || growth > growthLimit ? 1 : 0;
