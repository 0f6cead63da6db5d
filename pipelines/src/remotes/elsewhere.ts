import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushNames, makeFolder, writeAtomically } from '@selfsup/kit/files';
import type { FileRef } from './record.ts';

/** The files of a blob, by name; of one that is a file itself under the name ''. */
export type BlobFiles = Readonly<Record<string, FileRef>>;

function noteOf(store: string, digest: string): string {
  return join(store, 'elsewhere', digest.slice(0, 2), `${digest}.json`);
}

/** Remembers that a blob which is not here lies in a remote, and what it consists of. */
export async function rememberElsewhere(store: string, digest: string, files: BlobFiles): Promise<void> {
  const note = noteOf(store, digest);
  await makeFolder(dirname(note));
  await writeAtomically(note, `${JSON.stringify(files)}\n`);
  await flushNames(dirname(note));
}

/** What a blob that lies in a remote consists of; undefined where nothing is known of such a one. */
export function elsewhere(store: string, digest: string): BlobFiles | undefined {
  const note = noteOf(store, digest);
  if (!existsSync(note)) return undefined;
  try {
    return JSON.parse(readFileSync(note, 'utf8')) as BlobFiles;
  } catch {
    return undefined;
  }
}

/** Forgets it: the blob is here, or no remote has it any more. */
export async function forgetElsewhere(store: string, digest: string): Promise<void> {
  await rm(noteOf(store, digest), { force: true });
}

/** Whether a blob that lies in a remote counts as there: not where no remote is to be used. */
export function trustsRemotes(): boolean {
  return process.env['SELFSUP_REMOTE'] !== 'none';
}

/** Whether no remote is to be asked, although what lies there counts. */
export function isOffline(): boolean {
  return process.env['SELFSUP_OFFLINE'] === '1';
}
