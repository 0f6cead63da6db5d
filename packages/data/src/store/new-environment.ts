import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { UserError } from '@selfsup/kit/errors';
import { Interrupted } from '@selfsup/kit/stage';

const program = fileURLToPath(new URL('./new-environment.mjs', import.meta.url));

/** Whether a folder holds an LMDB environment; one without a page is none, and LMDB would write the first. */
export function hasEnvironment(folder: string): boolean {
  return (statSync(join(folder, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * Makes an empty LMDB environment in the place of whatever is there, in a process of its own: lmdb 3.5 crashes where the disk does not
 * take the first pages. Throws
 * `UserError` then, and `Interrupted` where that process was asked to stop.
 */
export async function makeEnvironment(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const { failed, signal, stderr } = await execa(process.execPath, [program, folder], { reject: false });
  if (!failed) return;
  await rm(folder, { recursive: true, force: true });
  if (signal === 'SIGINT' || signal === 'SIGTERM') throw new Interrupted('Stopped before anything was stored.');
  const why = stderr.split('\n')[0] || `LMDB crashed on it: ${signal}`;
  throw new UserError(`No dataset can be begun: the disk is full, over its quota or failing (${why})`, {
    file: folder,
    remedy: 'Free some space, or set SELFSUP_ARTIFACTS to a folder on another disk, and run the same command again.',
  });
}
