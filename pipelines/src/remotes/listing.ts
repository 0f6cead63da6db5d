import type { Listed, Remote } from './remote.ts';
import { withRetries, type Trying } from './retry.ts';

/** All objects below a folder of a remote; undefined of one that cannot list. Throws as `withRetries` does. */
export async function listed(remote: Remote, folder: string, trying: Trying): Promise<Listed[] | undefined> {
  const { list } = remote;
  if (list === undefined) return undefined;
  return withRetries(remote, trying, async (signal) => {
    const found: Listed[] = [];
    for await (const one of list(folder, signal)) found.push(one);
    return found;
  });
}

/** As `listed`, for whoever needs no more than the paths. */
export async function listedPaths(remote: Remote, folder: string, trying: Trying): Promise<string[] | undefined> {
  const list = remote.listPaths ?? remote.list;
  if (list === undefined) return undefined;
  return withRetries(remote, trying, async (signal) => {
    const found: string[] = [];
    for await (const { path } of list(folder, signal)) found.push(path);
    return found;
  });
}

/** The key of the record that a path of `results/` names, or that a path of `names/` is about. */
export function keyIn(path: string): string | undefined {
  return /\/([0-9a-f]{64})\.[^/]*$/.exec(path)?.[1];
}
