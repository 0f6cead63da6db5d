import { usableCores } from '@selfsup/kit/cpu-quota';
import type { Progress } from '@selfsup/kit/progress';
import { Interrupted } from '@selfsup/kit/stage';
import type { Dataset } from '../dataset.ts';
import { startPool } from '../workers/worker-pool.ts';
import { sealProposals, writeProposals } from './proposal-files.ts';
import type { SearchSetup, ToSearch } from './search-worker.ts';
import type { SearchSettings } from './selective-search.ts';

/** What is searched, and where to. */
export interface SearchDataset {
  readonly dataset: Dataset;
  readonly splits: readonly string[];
  readonly settings: SearchSettings;
  readonly folder: string;
  /** At most so many images of each split. */
  readonly images: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Proposes boxes for the images of splits by selective search, in worker threads, and writes them to `folder`. Goes on after
 * the last image that was written; the result is the same. Throws `Interrupted` on abort, `UserError` without a compiler.
 */
export async function searchDataset(work: SearchDataset): Promise<void> {
  const { dataset, splits, settings, folder, progress, signal } = work;
  const setup: SearchSetup = { folder: dataset.folder, settings };
  const threads = usableCores();
  const pool = startPool<ToSearch, Float32Array>(threads, new URL('./search-worker.ts', import.meta.url), setup);
  const done: Record<string, number> = {};
  try {
    for (const split of splits) {
      const count = Math.min(dataset.count(split), work.images);
      const writer = await writeProposals(folder, split);
      const phase = progress.phase(`proposals for ${split}`, count, 'images', Math.min(writer.done, count));
      const asked: Promise<Float32Array>[] = [];
      try {
        for (let next = writer.done; writer.done < count;) {
          for (; next < count && asked.length < 2 * threads; next++) {
            const answer = pool.ask({ split, index: next });
            answer.catch(() => undefined); // awaited below, in the order of the images
            asked.push(answer);
          }
          writer.append(await asked.shift()!);
          phase.advance(1);
          if (signal.aborted) throw new Interrupted(`Stopped after ${writer.done} of ${count} images of ${split}.`);
        }
      } finally {
        await Promise.allSettled(asked);
        writer.close();
      }
      phase.done();
      done[split] = count;
    }
  } finally {
    await pool.close();
  }
  await sealProposals(folder, { dataset: dataset.manifest.digest, splits: done });
}
