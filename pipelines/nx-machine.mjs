// Prints what of this machine Nx's hashes depend on: nothing, since a result is done wherever it was computed; the place,
// where results must be exact (SELFSUP_EXACT or selfsup.json), which the runner's own manifests know more exactly.
// Nothing here may change through setting up the engine, or the second run would miss the cache of the first.
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

const settings = ['SELFSUP_THREADS', 'SELFSUP_DETERMINISTIC', 'SELFSUP_FPMATH', 'SELFSUP_DEVICE'];

function isExact() {
  if (process.env.SELFSUP_EXACT) return process.env.SELFSUP_EXACT === '1';
  try {
    return JSON.parse(readFileSync('selfsup.json', 'utf8')).exact === true;
  } catch {
    return false;
  }
}

if (isExact()) {
  const machine = [
    process.platform,
    process.arch,
    cpus()[0]?.model,
    availableParallelism(),
    existsSync('/dev/nvidia0'),
  ];
  console.log(...machine, ...settings.map((name) => `${name}=${process.env[name] ?? ''}`));
}
