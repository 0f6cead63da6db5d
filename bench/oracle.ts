import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder of the Python environment with the oracles: SELFSUP_ORACLES, or the one that `bench/setup-oracles` makes. */
function oracleFolder(): string {
  return process.env.SELFSUP_ORACLES ?? join(homedir(), '.cache', 'selfsup-oracles');
}

/** Its interpreter, or undefined where it was not set up. */
export function oraclePython(): string | undefined {
  const python = join(oracleFolder(), 'bin', 'python');
  return existsSync(python) ? python : undefined;
}
