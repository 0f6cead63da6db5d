import { cp, link, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { inspectRoot } from '../place.ts';
import { UNPACKING, type Recipe } from '../recipe.ts';

/** A whole engine in `engines` whose libraries and headers are the recipe's: only its addon is another. */
export async function engineWithLibraries(engines: string, recipe: Recipe): Promise<string | undefined> {
  const wanted = digests(recipe.wheels.map((wheel) => wheel.sha256));
  for (const name of (await readdir(engines)).sort()) {
    if (name.startsWith('.')) continue;
    const root = join(engines, name);
    const found = inspectRoot(root);
    if (!found.ok || (found.stamp.unpacking ?? 1) !== UNPACKING) continue;
    if (digests(Object.values(found.stamp.wheels)) === wanted) return root;
  }
  return undefined;
}

function digests(list: readonly string[]): string {
  return [...list].sort().join();
}

/**
 * Gives the folder `made` the unpacked files of the engine `root`, without using the disk twice where it has hard links.
 * Returns their paths, relative to `made`.
 */
export async function shareLibraries(root: string, made: string): Promise<string[]> {
  const entries = await readdir(join(root, 'deps'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files) {
    const target = join(made, relative(root, file));
    await mkdir(dirname(target), { recursive: true });
    // Not every disk has them, nor does a layer of a container's image.
    await link(file, target).catch(() => cp(file, target));
  }
  return files.map((file) => relative(root, file));
}
