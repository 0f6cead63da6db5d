import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, onceOf } from './contents.ts';
import type { Workspace } from './workspace.ts';

interface Ref {
  readonly sha256: string;
}
interface Held {
  readonly record: { readonly label: string; readonly files: Refs; readonly blobs: Readonly<Record<string, Refs>> };
}
type Refs = Readonly<Record<string, Ref>>;

/** What is wrong in a remote that is a folder: whatever has a record has to be there, byte for byte. */
export function faultsInRemote(folder: string): string[] {
  const results = join(folder, 'results');
  const isThere = (digest: string): boolean => {
    const file = join(folder, 'blobs/sha256', digest.slice(0, 2), digest);
    return existsSync(file) && onceOf(file, digestOf) === digest;
  };
  return recordsIn(folder).flatMap((name) => {
    let held: Held;
    try {
      held = JSON.parse(readFileSync(join(results, name), 'utf8')) as Held;
    } catch (error) {
      const isGone = !existsSync(join(results, name));
      return isGone ? [] : [`in the remote ${name} is half-written: ${(error as Error).message}`];
    }
    const { label, files, blobs } = held.record;
    return [files, ...Object.values(blobs)]
      .flatMap((refs) => Object.entries(refs))
      .filter(([, { sha256 }]) => !isThere(sha256))
      .map(([file]) => `in the remote ${file} of ${label} is missing or another`);
  });
}

/** Pushes results to a remote that is not there yet: all of them, or it is not there afterwards. */
export async function pushOnce(workspace: Workspace, names: readonly string[], remote: string): Promise<void> {
  if (existsSync(remote)) return;
  const fresh = `${remote}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const { code, output } = await workspace.run('selfsup', ['push', ...names], { SELFSUP_REMOTE: fresh });
  if (code !== 0) throw new Error(`push ${names.join(' ')} ends with ${code}: ${output.slice(-600)}`);
  renameSync(fresh, remote);
}

/** The results that a remote has. */
export function recordsIn(folder: string): string[] {
  const results = join(folder, 'results');
  if (!existsSync(results)) return [];
  return readdirSync(results, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
}
