import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, onceOf } from './contents.ts';

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

/** The results that a remote has. */
export function recordsIn(folder: string): string[] {
  const results = join(folder, 'results');
  if (!existsSync(results)) return [];
  return readdirSync(results, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
}
