import { realpathSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { repository } from './checkout.ts';

/** What the bits of a result hold for: processor, threads, engine, and what the environment sets of them. */
export function placeHere(): string {
  const engine = basename(dirname(realpathSync(join(repository, 'node_modules/@tensorflow/tfjs-node-gpu/lib'))));
  const elsewhere = ['SELFSUP_ARTIFACTS', 'SELFSUP_CACHE', 'SELFSUP_DATA', 'SELFSUP_MAX_MINUTES'];
  const settings = Object.entries(process.env)
    .filter(([name]) => name.startsWith('SELFSUP_') && !elsewhere.includes(name))
    .map(([name, value]) => `${name}=${value}`);
  return [cpus()[0]?.model.trim(), `${availableParallelism()} threads`, engine, ...settings.sort()].join(', ');
}
