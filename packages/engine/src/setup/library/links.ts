import { randomUUID } from 'node:crypto';
import { lstat, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';

/** Points the npm package's `lib` and `deps` to an engine's folder; each changes in one step. Throws `UserError`. */
export async function linkEngine(packageFolder: string, root: string): Promise<void> {
  try {
    // `lib` comes last: as long as it does not point to the engine, the engine does not count as set up.
    for (const name of ['deps', 'lib']) await replaceByLink(join(packageFolder, name), join(root, name));
  } catch (cause) {
    throw new UserError(`Cannot link the engine into node_modules: ${(cause as Error).message}`, {
      file: packageFolder,
      remedy: 'Make that folder writable for you, then run the same command again.',
      cause,
    });
  }
}

async function replaceByLink(path: string, target: string): Promise<void> {
  const unique = `${process.pid}-${randomUUID().slice(0, 8)}`;
  const fresh = `${path}.new-${unique}`;
  await symlink(target, fresh);
  try {
    for (;;) {
      const standing = await lstat(path).catch(() => undefined);
      // A rename replaces a link in one step, but not a folder (of another engine): that one steps aside first.
      if (standing?.isDirectory()) {
        const aside = `${path}.old-${unique}`;
        // A layer of a container's image can be removed, but not renamed.
        await rename(path, aside).catch(() => rm(path, { recursive: true, force: true }));
        await rm(aside, { recursive: true, force: true });
      }
      try {
        return await rename(fresh, path);
      } catch (error) {
        if (!['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    }
  } finally {
    await rm(fresh, { force: true });
  }
}
