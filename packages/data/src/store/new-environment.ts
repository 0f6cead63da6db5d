import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { UserError } from '@selfsup/kit/errors';
import { Interrupted } from '@selfsup/kit/stage';

const program = fileURLToPath(new URL('./new-environment.mjs', import.meta.url));

/**
 * Makes an empty LMDB environment, in a process of its own: lmdb 3.5 crashes where the disk does not take the first pages. Throws
 * `UserError` then, and `Interrupted` where that process was asked to stop.
 */
export async function makeEnvironment(folder: string): Promise<void> {
  const { failed, signal, stderr } = await execa(process.execPath, [program, folder], { reject: false });
  if (!failed) return;
  if (signal === 'SIGINT' || signal === 'SIGTERM') throw new Interrupted('Stopped before anything was stored.');
  const why = stderr.split('\n')[0] || `LMDB crashed on it: ${signal}`;
  throw new UserError(`No dataset can be begun: the disk is full, over its quota or failing (${why})`, {
    file: folder,
    remedy: 'Free some space, or set SELFSUP_ARTIFACTS to a folder on another disk, and run the same command again.',
  });
}
