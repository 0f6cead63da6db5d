import { statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { UserError } from '@selfsup/kit/errors';
import { flush, writeAtomically } from '@selfsup/kit/files';
import { Interrupted } from '@selfsup/kit/stage';

const program = fileURLToPath(new URL('./new-environment.mjs', import.meta.url));
/** Bytes of the two first pages, without which LMDB takes a file of data for none, or crashes on it. */
const firstPages = 8192;
const stops: readonly unknown[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const crashes: readonly unknown[] = ['SIGSEGV', 'SIGBUS', 'SIGABRT'];

/** Whether a folder holds an LMDB environment that can be opened. */
export function hasEnvironment(folder: string): boolean {
  return (statSync(join(folder, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0) >= firstPages;
}

/**
 * Puts an empty LMDB environment in the place of whatever is there. It is made beside it and by a process of its own, since lmdb 3.5
 * crashes where the disk does not take the first pages, and on what a crash has left. Throws `UserError` where the folder cannot
 * be written, and `Interrupted` where that process was asked to stop.
 */
export async function makeEnvironment(folder: string): Promise<void> {
  const made = `${folder}.new`;
  const clear = (): Promise<void> => rm(made, { recursive: true, force: true }).catch(() => undefined);
  await clear();
  try {
    // What is wrong with the folder is said by this; and a disk that takes it takes the first pages too, mostly.
    const room = join(made, 'room');
    await writeAtomically(room, new Uint8Array(1 << 16));
    await rm(room);
    await makeInProcess(made);
    await flush(join(made, 'data.mdb'));
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
  } catch (error) {
    await clear();
    throw error;
  }
}

async function makeInProcess(folder: string): Promise<void> {
  const ended = await execa(process.execPath, [program, folder], { env: { NODE_OPTIONS: '' }, reject: false });
  const { failed, signal, exitCode, stdout } = ended;
  if (!failed) return;
  if (stops.includes(signal)) throw new Interrupted('Stopped before anything was stored.');
  const why = crashes.includes(signal) ? `LMDB crashed on it, ${signal}` : exitCode === 1 ? stdout : '';
  if (why === '') throw ended;
  throw new UserError(`No dataset can be begun: the disk is full, over its quota or failing (${why})`, {
    file: folder,
    remedy: 'Free some space, or set SELFSUP_ARTIFACTS to a folder on another disk, and run the same command again.',
  });
}
