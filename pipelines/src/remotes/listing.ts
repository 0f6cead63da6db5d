import type { Remote } from './remote.ts';
import { persist } from './retry.ts';

/** Paths of all objects below some folders of a remote; undefined of one that cannot list. */
export async function pathsIn(
  remote: Remote,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<Set<string> | undefined> {
  const { list } = remote;
  if (list === undefined) return undefined;
  const found = await Promise.all(
    folders.map((folder) =>
      persist(remote, { signal }, async (stop) => {
        const paths: string[] = [];
        for await (const { path } of list(folder, stop)) paths.push(path);
        return paths;
      }),
    ),
  );
  return new Set(found.flat());
}
