import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/engine/errors';

/**
 * Relative paths of all files below a folder, with `/` between their parts, sorted. Links are followed, also those to
 * folders; a link to a folder that it lies in is passed over. One that leads nowhere is listed: `fileStats` says so where
 * the file is wanted.
 */
export async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const visit = async (below: string, around: readonly string[]): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await visit(path, around);
      else if (entry.isSymbolicLink() && (await isFolder(join(folder, path)))) {
        const real = await realpath(join(folder, path));
        const here = [...around, await realpath(join(folder, below))];
        if (!here.some((one) => `${one}/`.startsWith(`${real}/`))) await visit(path, here);
      } else paths.push(path);
    }
  };
  await visit('', []);
  return paths.sort();
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** Size and times of a file below a folder. Throws `UserError` where it is gone, or a link that leads nowhere. */
export async function fileStats(folder: string, path: string): Promise<Stats> {
  return stat(join(folder, path)).catch((cause: unknown) => {
    throw new UserError(`${path} cannot be read: it is gone, or a link that leads nowhere`, {
      file: folder,
      remedy: 'Take it out, or mend the link.',
      cause,
    });
  });
}
