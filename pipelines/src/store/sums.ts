import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { sha256File, writeAtomically } from '@selfsup/kit/files';
import { filesBelow } from './store.ts';

/** In a published or exported folder: digests of all its other files, in the form that `sha256sum --check` reads. */
export const sumsFile = 'SHA256SUMS';

/** Writes the digests of all files of a folder that is about to be published, or was exported, into it. */
export async function writeSums(folder: string): Promise<void> {
  const lines: string[] = [];
  for (const file of await filesBelow(folder)) {
    const name = relative(folder, file);
    if (name !== sumsFile) lines.push(`${await sha256File(file)}  ${name}\n`);
  }
  await writeAtomically(join(folder, sumsFile), lines.join(''));
}

/**
 * What is not as it was published: the name of the first file of a published folder whose bytes are others or that is
 * gone, and what is the matter with it. Undefined where all is as it was, and where an earlier version has published
 * no digests. Files that were added since are passed over; where `only` is given, all others too.
 */
export function damageIn(folder: string, only?: string): string | undefined {
  return damages(folder, only).next().value;
}

/** All of what `damageIn` gives the first of. */
export function* damages(folder: string, only?: string): Generator<string, undefined> {
  const sums = join(folder, sumsFile);
  if (!existsSync(sums)) return;
  const lines = readFileSync(sums, 'utf8').split('\n');
  if (lines.pop() !== '') yield `${sumsFile} was altered`;
  for (const line of lines) {
    const [, digest, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (name === undefined) yield `${sumsFile} was altered`;
    if (name === undefined || (only !== undefined && name !== only)) continue;
    const path = join(folder, name);
    if (!existsSync(path)) yield `${name} is gone`;
    else if (digestOf(path) !== digest) yield `${name} was altered since it was published`;
  }
}

/** Throws `UserError` naming the file where something in a published folder, or `only` this, is not as it was published. */
export function refuseDamage(folder: string, only?: string): void {
  const damage = damageIn(folder, only);
  if (damage === undefined) return;
  throw new UserError(`This result is damaged: ${damage}`, {
    file: folder,
    remedy: 'Run the experiment again (selfsup run): what is damaged is computed anew, or taken from a remote.',
  });
}

/** A piece at a time: an exported file may be larger than memory. */
function digestOf(path: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, 'r');
  try {
    for (let count = 1; count > 0;) {
      count = readSync(file, piece);
      hash.update(piece.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
