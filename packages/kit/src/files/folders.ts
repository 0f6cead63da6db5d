// @no-effect-on-results
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UserError } from '../errors.ts';
import { namedFolder } from './named-folder.mjs';

export { isFolder, namedFolder, workspaceAbove } from './named-folder.mjs';

/**
 * The per-user cache, shared by all clones, absolute: SELFSUP_CACHE (a relative one from the workspace root), else `selfsup`
 * in XDG_CACHE_HOME or `~/.cache`. Throws `UserError` for a user without a home folder who has set neither.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const named = namedFolder('SELFSUP_CACHE', { environment });
  if (named !== undefined) return named;
  // Its specification has a relative path ignored.
  const base = environment.XDG_CACHE_HOME;
  return join(base !== undefined && isAbsolute(base) ? base : join(homeFolder(), '.cache'), 'selfsup');
}

/** A path in the cache for what only saves time; undefined for a user without a cache, who goes without. */
export function cachePath(...segments: readonly string[]): string | undefined {
  try {
    return join(cacheFolder(), ...segments);
  } catch {
    return undefined;
  }
}

/** The folder of the user's data, absolute; undefined where SELFSUP_DATA is unset or empty. */
export function dataFolder(): string | undefined {
  return namedFolder('SELFSUP_DATA');
}

function homeFolder(): string {
  let home: string;
  let cause: unknown;
  try {
    home = homedir();
  } catch (error) {
    // Without HOME, Node asks the list of users, in which a container's user may be missing.
    [home, cause] = ['', error];
  }
  if (isAbsolute(home)) return home;
  throw new UserError('This user has no home folder, so there is no place for the cache', {
    field: 'SELFSUP_CACHE',
    remedy: 'Set SELFSUP_CACHE to a folder that can be written.',
    cause,
  });
}
