import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { noResults, type Artifacts } from '../store/artifacts.ts';

/** A result that is published here. */
export interface PublishedResult {
  /** What remotes call it: `toy/base/seed-1/pretrain`, `data/few`. */
  readonly label: string;
  readonly folder: string;
  readonly store: string;
}

/** What remotes call a result by the folder that it is published in. */
export function labelOf({ root }: Pick<Artifacts, 'root'>, folder: string): string {
  const below = folder.slice(root.length + 1).split(/[\\/]/);
  return below.length === 2 && below[1] === 'ingest' ? `data/${below[0]}` : below.join('/');
}

/** All results that are published here, or those of `names` (`toy`, `data/few`), by label. */
export async function publishedResults(
  artifacts: Artifacts,
  names: readonly string[] = [],
): Promise<PublishedResult[]> {
  const found: PublishedResult[] = [];
  const { root } = artifacts;
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (existsSync(join(folder, 'manifest.json'))) {
      const label = labelOf(artifacts, folder);
      const isAsked = names.length === 0 || names.some((name) => label === name || label.startsWith(`${name}/`));
      if (isAsked) found.push({ label, folder, store: join(root, 'store') });
      return;
    }
    if (depth === 0) return;
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (entry.name.startsWith('.') || (depth === 4 && noResults.includes(entry.name))) continue;
      if (entry.isDirectory() || entry.isSymbolicLink()) await visit(join(folder, entry.name), depth - 1);
    }
  };
  await visit(root, 4);
  return found.sort((a, b) => (a.label < b.label ? -1 : 1));
}
