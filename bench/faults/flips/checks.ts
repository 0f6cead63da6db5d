import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { UserError } from '@selfsup/kit/errors';
import type { Progress } from '@selfsup/kit/progress';
import { readCheckpoint } from '@selfsup/models/checkpoint';
import { fetchObject } from '@selfsup/pipelines/fetch-object';
import { folderRemote } from '@selfsup/pipelines/folder-remote';
import { damageOf, readManifest } from '@selfsup/pipelines/manifest';
import { readRecord } from '@selfsup/pipelines/record';
import { damages } from '@selfsup/pipelines/sums';
import { LiveCheckpoints } from '@selfsup/trainer/live-checkpoints';
import type { Target } from './targets.ts';

/** A check of the product's own, called in this process: what it says of what it is to read; empty where it finds nothing. */
export type Check = () => Promise<string>;

/** Who uses a checkpoint (`embed`, `export`, `explore`, the next stage) reads it by this. */
export const asCheckpoint = (path: string): Check => {
  return () => saidBy(() => readCheckpoint(path));
};

/** What a run asks of each result that it is about to use, its blobs included. */
export function asResult(artifacts: string, { below }: Target): Check {
  const folder = join(artifacts, below!);
  const manifest = readManifest(folder)!;
  return async () => (await damageOf(manifest, folder, join(artifacts, 'store'))) ?? '';
}

/** What `selfsup verify <folder>` asks of the exported files below `root` beside which digests stand. */
export function asExported(root: string, { path }: Target): Check {
  let folder = dirname(path);
  while (!existsSync(join(folder, 'SHA256SUMS'))) folder = dirname(folder);
  return () => Promise.resolve([...damages(folder)].map((one) => join(relative(root, folder), one)).join('\n'));
}

/**
 * What a training asks of the checkpoints that it may go on from: the flipped one has to be named and passed over for
 * `before`, the step of the one before.
 */
export async function asResumed(folder: string, newest: string, before: number): Promise<Check> {
  const { identity } = (await readCheckpoint(join(folder, newest))).metadata;
  return async () => {
    const warned: string[] = [];
    const progress = { note: () => undefined, warn: (text: string) => warned.push(text) } as unknown as Progress;
    const found = await new LiveCheckpoints(folder, 99, identity as string).latest(progress).catch(() => undefined);
    const { step } = JSON.parse((found?.metadata['state'] as string | undefined) ?? '{}') as { step?: number };
    return step === before ? warned.join('\n') : '';
  };
}

/** What is asked of a record or of content of a remote as it is fetched. */
export function asFetched(root: string, target: Target, scratch: string): Check {
  const remote = folderRemote('team', root);
  // As often as else, without the pauses.
  const trying = { patience: { attempts: 6, delay: 1, stall: 30_000 } };
  const name = basename(target.path);
  if (target.path.endsWith('.json') && relative(root, target.path).startsWith('results'))
    return () => saidBy(() => readRecord(remote, name.slice(0, -'.json'.length), [], trying));
  return async () => {
    const bytes = (await remote.size(relative(root, target.path)))!;
    return saidBy(() => fetchObject(remote, { sha256: name, bytes }, join(scratch, 'fetched'), trying));
  };
}

async function saidBy(read: () => Promise<unknown>): Promise<string> {
  try {
    await read();
    return '';
  } catch (error) {
    const { message, file } = error as UserError;
    return `${message} (${file})`;
  }
}
