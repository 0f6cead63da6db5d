import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { UserError } from '@selfsup/kit/errors';
import type { Progress } from '@selfsup/kit/progress';
import { checkDatasetConfig } from '../ingest/dataset-config.ts';
import { ingest, type Ingested } from '../ingest/ingest.ts';
import type { SourceContext } from '../source.ts';

/** A temporary folder that is gone after the tests of this file; `SELFSUP_CACHE` points into it. */
export async function workplace(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'selfsup-data-'));
  process.env['SELFSUP_CACHE'] = join(folder, 'cache');
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A progress that shows nothing and remembers its notes and warnings. */
export function quietProgress(): Progress & { readonly notes: string[]; readonly warnings: string[] } {
  const notes: string[] = [];
  const warnings: string[] = [];
  return {
    notes,
    warnings,
    phase: () => ({ advance: () => undefined, done: () => undefined }),
    note: (text) => notes.push(text),
    warn: (text) => warnings.push(text),
  };
}

/** A source's surroundings inside `folder`. */
export function contextIn(folder: string, more: Partial<SourceContext> = {}): SourceContext {
  return { cacheFolder: join(folder, 'cache'), datasetFolder: folder, progress: quietProgress(), ...more };
}

/** Ingests one source section into `folder`/`name`. */
export async function ingestSection(
  folder: string,
  name: string,
  section: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Ingested> {
  return ingest({
    name,
    config: await checkDatasetConfig({ sources: [section], ...more }),
    workFolder: join(folder, name),
    progress: quietProgress(),
    signal: new AbortController().signal,
    datasetFolder: folder,
  });
}

/** The `UserError` that a promise ends with, as printed. Fails where it is fulfilled or fails otherwise. */
export async function userError(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('no error was thrown'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error.describe();
  throw error;
}
