import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { move, writeAtomically } from '@selfsup/kit/files';

/** Digests of the files of an export, which the command puts beside them. */
export const sumsFile = 'SHA256SUMS';

/**
 * Puts a folder of files in place as a whole: it is written beside its place and then renamed, so that a reader never
 * sees half of it; only in a mounted folder it is put in place file by file. `fill` writes into the folder that it is given. A folder that holds nothing but entries named in
 * `ours` is an earlier export and is replaced; any other is left alone, with a `UserError`.
 */
export async function writeFolder(
  folder: string,
  ours: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const exists = existsSync(folder);
  // What a link points to is filled, not replaced by a folder on another disk.
  const target = exists ? await realpath(folder) : resolve(folder);
  if (exists) {
    const entries = await readdir(target).catch((cause: Error) => {
      throw new UserError(`Cannot write there: ${cause.message}`, { file: target, remedy: 'Name a folder.', cause });
    });
    const foreign = entries.find((entry) => !ours.includes(entry));
    if (foreign !== undefined) {
      throw new UserError(`The folder exists and holds other things, such as ${foreign}`, {
        file: target,
        remedy: 'Name another folder with --to, or empty this one.',
      });
    }
  }
  const suffix = `${process.pid}.${randomUUID().slice(0, 8)}`;
  const beside = (kind: string): string => join(dirname(target), `.${basename(target)}.${suffix}.${kind}`);
  const fresh = beside('new');
  try {
    await mkdir(fresh, { recursive: true }).catch((cause: Error) => {
      throw new UserError(`Cannot write: ${cause.message}`, { file: target, remedy: 'Name a writable folder.', cause });
    });
    await fill(fresh);
    if (exists && !(await stepAside(target, beside('old')))) return await fillInPlace(fresh, target);
    await rename(fresh, target).catch(async (cause: Error) => {
      if (exists) await rename(beside('old'), target);
      throw new UserError(`Cannot write: ${cause.message}`, { file: target, cause });
    });
  } finally {
    // Where even its folder is none, this fails too; the first error is the one to show.
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    if (existsSync(target)) await rm(beside('old'), { recursive: true, force: true });
  }
}

/** Whether the folder could be renamed: one that is mounted, as into a container, can not. */
async function stepAside(target: string, aside: string): Promise<boolean> {
  try {
    await rename(target, aside);
    return true;
  } catch (error) {
    if (['EBUSY', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw new UserError(`Cannot write there: ${(error as Error).message}`, { file: target, cause: error });
  }
}

/** Replaces an earlier export file by file, each of them whole. */
async function fillInPlace(fresh: string, target: string): Promise<void> {
  for (const name of await readdir(target)) await rm(join(target, name), { recursive: true });
  for (const name of await readdir(fresh)) await move(join(fresh, name), join(target, name));
}

/** Writes files by their paths inside `folder`. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeAtomically(join(folder, name), content);
}
