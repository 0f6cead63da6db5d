import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { writeAtomically } from '@selfsup/kit/files';
import type { Dataset } from '../dataset.ts';

/** Says beside exported files which dataset they are of: its name, digest, class names and statistics. */
const factsFile = 'dataset.json';

/**
 * Makes the folder of an export and writes `dataset.json` into it, before any image: so that an export is never mixed
 * with one of another dataset, or of an older state of this one. `folders` are those of the classes.
 * Throws `UserError` where the folder holds such a one, or cannot be made.
 */
export async function claimFolder(folder: string, { manifest }: Dataset, folders?: readonly string[]): Promise<void> {
  const file = join(folder, factsFile);
  const { name, classes, digest, statistics } = manifest;
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found !== undefined && digestIn(found) !== digest) {
    throw new UserError(`The folder holds an export of something else than the dataset ${name} as it is now`, {
      file,
      remedy: 'Remove the folder, or write to another one with --to.',
    });
  }
  await mkdir(folder, { recursive: true }).catch((cause: Error) => {
    throw new UserError(`Cannot write there: ${cause.message}`, {
      file: folder,
      remedy: 'Name a writable folder.',
      cause,
    });
  });
  await writeAtomically(file, `${JSON.stringify({ name, digest, classes, folders, statistics }, null, 2)}\n`);
}

function digestIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { digest?: unknown } | null)?.digest;
  } catch {
    return undefined;
  }
}
