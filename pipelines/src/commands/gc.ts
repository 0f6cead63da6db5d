import { lstatSync, readdirSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { assertWritable } from '../artifacts.ts';
import { readManifest } from '../manifest.ts';
import { openSession } from '../session.ts';
import { blobPath, filesBelow, removeBlob, storedDigests } from '../store.ts';

interface Options {
  minAge: number;
  dryRun: boolean;
}

export default new Command('gc')
  .description('Remove from the store what no published manifest names')
  .option('--min-age <minutes>', 'spare what is younger: a stage may be about to publish it', Number, 60)
  .option('--dry-run', 'only say what would go', false)
  .addHelpText('after', '\nExample:\n  selfsup gc --dry-run')
  .action(async ({ minAge, dryRun }: Options) => {
    const { artifacts } = openSession();
    assertWritable(artifacts);
    const named = namedDigests(artifacts.root);
    const isOld = async (path: string): Promise<boolean> => Date.now() - (await stat(path)).ctimeMs >= minAge * 60_000;
    let bytes = 0;
    let count = 0;
    for (const digest of await storedDigests(artifacts.store)) {
      const path = blobPath(artifacts.store, digest);
      if (named.has(digest) || !(await isOld(path))) continue;
      for (const file of await filesBelow(path)) bytes += (await stat(file)).size;
      count += 1;
      if (!dryRun) await removeBlob(artifacts.store, digest);
    }
    // Dry runs that were killed could not tidy up.
    const work = join(artifacts.root, 'work');
    for (const name of listOr(work).filter((entry) => entry.startsWith('dry-run-'))) {
      if (!(await isOld(join(work, name)))) continue;
      count += 1;
      if (!dryRun) await rm(join(work, name), { recursive: true, force: true });
    }
    console.log(`${dryRun ? 'Would remove' : 'Removed'} ${count} blobs and folders, ${(bytes / 1e6).toFixed(1)} MB`);
  });

/** Digests that a manifest anywhere below the artifacts root names. */
function namedDigests(root: string): Set<string> {
  const named = new Set<string>();
  const visit = (folder: string): void => {
    for (const { sha256 } of Object.values(readManifest(folder)?.blobs ?? {})) named.add(sha256);
    for (const name of listOr(folder)) {
      if (folder === root && ['work', 'store'].includes(name)) continue;
      if (lstatSync(join(folder, name)).isDirectory()) visit(join(folder, name));
    }
  };
  visit(root);
  return named;
}

function listOr(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
