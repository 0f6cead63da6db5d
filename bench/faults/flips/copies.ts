import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from '../workspace.ts';

/** Puts back a result of the run left alone, with its blobs. */
export function restore(
  { alone, live }: { readonly alone: Workspace; readonly live: Workspace },
  result: string,
): void {
  for (const below of placesOf(alone, result)) {
    rmSync(join(live.artifacts, below), { recursive: true, force: true });
    cpSync(join(alone.artifacts, below), join(live.artifacts, below), { recursive: true, preserveTimestamps: true });
  }
}

/** The folder of a result, its blobs and what is remembered of them, below the artifacts. */
export function placesOf(alone: Workspace, below: string): string[] {
  const blobs = Object.values(manifestOf(alone, below).blobs).flatMap(({ sha256 }) => {
    const name = join(sha256.slice(0, 2), sha256);
    return [join('store/sha256', name), join('store/verified', `${name}.json`)];
  });
  return [below, ...blobs];
}

interface Named {
  readonly key: string;
  readonly blobs: Readonly<Record<string, { readonly sha256: string }>>;
}

/** What a result says of itself. */
export function manifestOf({ artifacts }: Workspace, below: string): Named {
  return JSON.parse(readFileSync(join(artifacts, below, 'manifest.json'), 'utf8')) as Named;
}
