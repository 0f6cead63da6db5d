import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from './judge.ts';

interface Ref {
  readonly sha256: string;
}

/** What is wrong in a remote that is a folder: whatever has a record has to be there, byte for byte. */
export function faultsInRemote(folder: string): string[] {
  const results = join(folder, 'results');
  if (!existsSync(results)) return [];
  const known = new Map<string, boolean>();
  const isThere = (digest: string): boolean => {
    const file = join(folder, 'blobs/sha256', digest.slice(0, 2), digest);
    if (!known.has(digest)) known.set(digest, existsSync(file) && digestOf(file) === digest);
    return known.get(digest)!;
  };
  return readdirSync(results, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const { record } = JSON.parse(readFileSync(join(results, name), 'utf8')) as {
        record: { label: string; files: Record<string, Ref>; blobs: Record<string, Record<string, Ref>> };
      };
      return [record.files, ...Object.values(record.blobs)]
        .flatMap((files) => Object.entries(files))
        .filter(([, { sha256 }]) => !isThere(sha256))
        .map(([file]) => `in the remote ${file} of ${record.label} is missing or another`);
    });
}
