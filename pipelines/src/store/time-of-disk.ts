import { lstat, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The time by which the ages of files count, in milliseconds: that of the disk's server, and not of a clock here that was set
 * wrong. The clock's where nothing can be written, as on the full disk that is to be cleared.
 */
export async function timeOfDisk(folder: string): Promise<number> {
  const probe = join(folder, `.time.${process.pid}`);
  try {
    await writeFile(probe, '');
    return (await lstat(probe)).ctimeMs;
  } catch {
    return Date.now();
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/** As `timeOfDisk`, which is asked once: from then on time is counted by a clock that nobody sets. */
export function clockOfDisk(folder: string): () => Promise<number> {
  let first: Promise<{ readonly time: number; readonly at: number }> | undefined;
  return async () => {
    first ??= timeOfDisk(folder).then((time) => ({ time, at: performance.now() }));
    const { time, at } = await first;
    return time + performance.now() - at;
  };
}
