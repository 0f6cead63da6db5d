import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLease, standstillMilliseconds } from '@selfsup/kit/lease';

/** What an interrupted stage or ingestion has left to go on from. */
export interface UnfinishedWork {
  readonly path: string;
  /** Held by the process that works on it. */
  readonly lease: string;
}

/** All unfinished work below the folder `work`: of each unit one folder for each key, `files` of earlier versions. */
export async function unfinishedWork(work: string): Promise<UnfinishedWork[]> {
  const found: UnfinishedWork[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory() || /^(lease$|lease\.|dry-run-)/.test(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.name === 'files' || /^[0-9a-f]{12}(-\d+)?$/.test(entry.name)) {
        found.push({ path, lease: join(folder, 'lease') });
      } else await visit(path);
    }
  };
  await visit(work);
  return found;
}

/** Removes it under its lease. Throws `Interrupted` where a process has begun to go on with it meanwhile. */
export async function removeUnfinished(path: string, lease: string): Promise<void> {
  const held = await acquireLease(lease, { signal: AbortSignal.timeout(standstillMilliseconds * 1.5) });
  try {
    await rm(path, { recursive: true, force: true });
  } finally {
    await held.release();
  }
}
