import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalServer } from './local-server.ts';

// A server of S3 that others wrote: pip install 'moto[server]'. SELFSUP_MOTO names its program where it is not in the PATH.
const program = process.env['SELFSUP_MOTO'] || 'moto_server';

/** Whether there is one here; where not, that is said. */
export function hasMoto(): boolean {
  const isThere = spawnSync(program, ['--help'], { timeout: 60_000 }).status === 0;
  if (!isThere) console.log("Skipped: no S3 server is here (pip install 'moto[server]').");
  return isThere;
}

/** Starts it with an empty bucket called `bucket`, and gives this process credentials. */
export async function startMoto(): Promise<LocalServer> {
  process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const made = async (): Promise<boolean> =>
    (await fetch(`${url}/bucket`, { method: 'PUT' }).catch(() => undefined))?.ok ?? false;
  for (let i = 0; i < 400 && !(await made()); i++) await sleep(250);
  return {
    url,
    async close() {
      const closed = once(server, 'close');
      server.kill();
      await closed;
    },
  };
}
