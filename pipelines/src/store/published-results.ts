import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { noResults, type Artifacts } from './artifacts.ts';

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

/** Levels of folders from the root to a stage: experiment, variant, seed, stage. */
const levels = 4;

/**
 * All results that are published below the root, links followed, by experiment, variant, seed and stage. A folder without a
 * manifest counts as absent: one moves away while its successor comes. `onFault` is told what cannot be read.
 */
export function publishedResults(
  { root }: Pick<Artifacts, 'root'>,
  onFault: (path: string, error: Error) => void = () => undefined,
): PublishedResult[] {
  const found: PublishedResult[] = [];
  const reading = <Value>(path: string, read: (path: string) => Value, otherwise: Value): Value => {
    try {
      return read(path);
    } catch (error) {
      onFault(path, error as Error);
      return otherwise;
    }
  };
  const visit = (folder: string, below: number): void => {
    if (existsSync(join(folder, 'manifest.json'))) {
      found.push({ label: labelOf({ root }, folder), folder, store: join(root, 'store') });
      return;
    }
    if (below === 0) return;
    const names = reading(folder, (path) => readdirSync(path), []);
    for (const name of names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
      if (name.startsWith('.') || (below === levels && noResults.includes(name))) continue;
      const path = join(folder, name);
      // A link to a disk that is not there fails here, by itself.
      if (reading(path, (one) => statSync(one).isDirectory(), false)) visit(path, below - 1);
    }
  };
  // Without a root nothing was computed yet.
  if (existsSync(root)) visit(root, levels);
  return found;
}
