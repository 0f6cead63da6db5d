import type { Listed, Remote } from './remote.ts';
import { withRetries, type Trying } from './retry.ts';

/** All objects below a folder of a remote; undefined of one that cannot list. Throws as `withRetries` does. */
export function listed(remote: Remote, folder: string, trying: Trying): Promise<Listed[] | undefined> {
  return collected(remote, remote.list, folder, trying);
}

/** As `listed`, for whoever needs no more than the paths. */
export async function listedPaths(remote: Remote, folder: string, trying: Trying): Promise<string[] | undefined> {
  const found = await collected(remote, remote.listPaths ?? remote.list, folder, trying);
  return found?.map(({ path }) => path);
}

async function collected<One>(
  remote: Remote,
  list: ((folder: string, signal?: AbortSignal) => AsyncIterable<One>) | undefined,
  folder: string,
  trying: Trying,
): Promise<One[] | undefined> {
  if (list === undefined) return undefined;
  return withRetries(remote, trying, async (signal) => {
    const found: One[] = [];
    for await (const one of list(folder, signal)) found.push(one);
    return found;
  });
}

/** The key of the record that a path of `results/` names, or that a path of `names/` is about. */
export function keyIn(path: string): string | undefined {
  return /\/([0-9a-f]{64})\.[^/]*$/.exec(path)?.[1];
}
