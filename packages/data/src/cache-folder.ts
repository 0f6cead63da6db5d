import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The per-user cache, shared by all clones: `SELFSUP_CACHE`, or `selfsup` in the user's cache folder. */
export function cacheFolder(): string {
  const named = process.env['SELFSUP_CACHE'];
  if (named !== undefined && named !== '') return resolve(named);
  const base = process.env['XDG_CACHE_HOME'];
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'selfsup');
}
