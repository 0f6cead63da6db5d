import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { flushNames, makeFolder, writeAtomically } from '@selfsup/kit/files';
import { dataSize } from '@selfsup/kit/units';
import type { CodeKey } from '../keys/code-key/code-key.ts';
import { placeDifferences, withPlace, type Place } from '../keys/place.ts';
import { keyDifferences } from '../keys/why.ts';
import type { KeyParts } from './manifest.ts';
import { filesBelow } from './store.ts';

/** `attempt.json` in the folder of unfinished work: what it is the beginning of. */
export interface Attempt {
  readonly key: string;
  readonly keyParts: KeyParts;
  readonly code: CodeKey;
  /** Where it was worked at, in the order of time. */
  readonly places: readonly Place[];
  /** Begun by `--force`, although there was a result. */
  readonly forced?: true | undefined;
  /** Code key before `selfsup accept` blessed a change. */
  readonly acceptedFrom?: string | undefined;
}

/** Work on a unit that was begun and is not published: a folder beside the unit's lease. */
export interface Unfinished {
  /** Name of the folder, the beginning of the key that it was begun with. */
  readonly name: string;
  readonly folder: string;
  /** Undefined where an earlier version of Selfsup began it. */
  readonly attempt: Attempt | undefined;
  /** When it was last begun or resumed. */
  readonly touched: Date;
}

/** What a unit asks of unfinished work that is to be resumed. */
export interface Wanted {
  readonly key: string;
  readonly keyParts: KeyParts;
  readonly code: CodeKey;
  readonly place: Place | undefined;
  /** Whether it must have been begun in a place like this one. */
  readonly exact: boolean;
  /** Whether it must have been begun by `--force`. */
  readonly force: boolean;
}

/** The folder of an earlier version, which had only one. */
const formerName = 'files';

/** Unfinished work of a unit by its work folder, the newest first. */
export async function listUnfinished(workFolder: string): Promise<Unfinished[]> {
  const names = await readdir(workFolder).catch((): string[] => []);
  const found = names.flatMap((name): Unfinished[] => {
    const folder = join(workFolder, name);
    if (name === formerName) return [{ name, folder, attempt: undefined, touched: statSync(folder).mtime }];
    const file = join(folder, 'attempt.json');
    if (!existsSync(file)) return [];
    return [{ name, folder, attempt: readAttempt(file), touched: statSync(file).mtime }];
  });
  return found.sort((a, b) => b.touched.getTime() - a.touched.getTime());
}

function readAttempt(file: string): Attempt | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Attempt;
  } catch {
    return undefined;
  }
}

/** Why unfinished work is not the beginning of what is wanted, a line each; none where it is. */
export function misfits({ attempt }: Unfinished, wanted: Wanted): string[] {
  if (attempt === undefined) return ['an earlier version of Selfsup began it'];
  if (attempt.key !== wanted.key) return keyDifferences(attempt, wanted);
  if (wanted.force && attempt.forced !== true) return ['--force asks for a computation from its beginning'];
  return wanted.exact ? placeDifferences(attempt.places, wanted.place) : [];
}

/** The newest of unfinished work that is the beginning of what is wanted. */
export function fittingOf(all: readonly Unfinished[], wanted: Wanted): Unfinished | undefined {
  return all.find((one) => misfits(one, wanted).length === 0);
}

/** Says in `attempt.json` what unfinished work is the beginning of. */
export async function writeAttempt(folder: string, attempt: Attempt): Promise<void> {
  await writeAtomically(join(folder, 'attempt.json'), `${JSON.stringify(attempt, null, 2)}\n`);
}

/**
 * Begins work in a folder of its own below `workFolder`, or goes on with `found`. Its files belong into the folder
 * `files` in it, which is there.
 */
export async function openAttempt(
  workFolder: string,
  found: Unfinished | undefined,
  { key, keyParts, code, place, force }: Wanted,
): Promise<{ folder: string; attempt: Attempt }> {
  const folder = found?.folder ?? (await unusedFolder(workFolder, key.slice(0, 12)));
  const before = found?.attempt ?? { key, keyParts, code, places: [], ...(force ? { forced: true as const } : {}) };
  const attempt = { ...before, places: withPlace(before.places, place) };
  await makeFolder(join(folder, 'files'));
  await writeAttempt(folder, attempt);
  await flushNames(folder);
  return { folder, attempt };
}

async function unusedFolder(workFolder: string, name: string): Promise<string> {
  const taken = await readdir(workFolder).catch((): string[] => []);
  for (let i = 1; ; i++) {
    const free = i === 1 ? name : `${name}-${i}`;
    if (!taken.includes(free)) return join(workFolder, free);
  }
}

/** Size of unfinished work, for people. */
export async function sizeOf({ folder }: Unfinished): Promise<string> {
  const sizes = await Promise.all((await filesBelow(folder)).map(async (file) => (await stat(file)).size));
  return dataSize(sizes.reduce((sum, size) => sum + size, 0));
}
