import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { flush, flushNames, isOtherDisk, makeFolder, move, sha256File, writeAtomically } from '@selfsup/kit/files';
import { metricValues, type Metric } from '@selfsup/kit/metric';
import type { StageResult } from '@selfsup/kit/stage';
import { writeFigures } from '@selfsup/report/figure-files';
import { remarksFile } from '../report/remarks.ts';
import { manifestSchema, outputDigestOf, type Manifest, type RunRecord } from './manifest.ts';
import { filesBelow, storeBlob, type BlobRef } from './store.ts';
import { writeSums } from './sums.ts';

const reservedNames = ['manifest.json', 'metrics.json', 'run.json'];

/** What `publish` is told besides the result itself. */
export interface PublishOptions {
  /** Where the folder is to stand. */
  readonly folder: string;
  readonly store: string;
  /** A folder in which the new one is put together. */
  readonly scratch: string;
  readonly manifest: Omit<Manifest, 'schema' | 'blobs' | 'files' | 'outputDigest'>;
  readonly run: RunRecord;
  /** Throws where this process may publish no more: asked at the last moment. */
  readonly confirm: () => Promise<void>;
}

/**
 * Moves blobs into the store, puts the published folder together out of sight and renames it into place, so that
 * a reader, and a process killed at any moment, sees the old folder, none, or the whole new one.
 */
export async function publish(result: StageResult, options: PublishOptions): Promise<Manifest> {
  checkMetrics(result.metrics);
  const fresh = join(options.scratch, `publish-${randomUUID().slice(0, 8)}`);
  await mkdir(fresh, { recursive: true });
  for (const [name, source] of Object.entries(result.files ?? {})) await copyInto(fresh, name, source);
  await writeFigures(result.figures ?? [], fresh);
  const files: Record<string, string> = {};
  for (const file of await filesBelow(fresh)) files[relative(fresh, file)] = await sha256File(file);
  for (const [name, source] of Object.entries(result.records ?? {})) await copyInto(fresh, name, source);
  const blobs: Record<string, BlobRef> = {};
  for (const [name, source] of Object.entries(result.blobs ?? {})) {
    blobs[name] = await storeBlob(options.store, source, result.identities?.[name]);
  }
  const outputDigest = outputDigestOf({ blobs, files }, result.metrics);
  const manifest: Manifest = { schema: manifestSchema, ...options.manifest, blobs, files, outputDigest };
  await writeAtomically(join(fresh, 'metrics.json'), pretty(result.metrics));
  const { remarks = [] } = result;
  if (remarks.length > 0) await writeAtomically(join(fresh, remarksFile), pretty({ warnings: remarks }));
  await writeAtomically(join(fresh, 'run.json'), pretty(options.run));
  await writeManifest(fresh, manifest);
  await options.confirm();
  await putInPlace(fresh, options.folder, options.scratch);
  return manifest;
}

/** Writes the manifest into a folder that is about to be published, and last the digests of all that is in it. */
export async function writeManifest(fresh: string, manifest: Manifest): Promise<void> {
  await writeAtomically(join(fresh, 'manifest.json'), pretty(manifest));
  await writeSums(fresh);
}

async function copyInto(folder: string, name: string, source: string): Promise<void> {
  if (reservedNames.includes(name) || name.split('/').includes('..')) throw new Error(`Bad file name '${name}'`);
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await cp(source, join(folder, name), { recursive: true });
}

/**
 * Renames a finished folder to where it belongs, all of it on the disk before; one that stood there is first moved away,
 * then removed. Where it belongs on another disk than `scratch`, it is copied beside its place first.
 */
export async function putInPlace(fresh: string, folder: string, scratch: string): Promise<void> {
  await makeFolder(dirname(folder));
  await mkdir(scratch, { recursive: true });
  await flush(fresh);
  const old = join(scratch, `old-${randomUUID().slice(0, 8)}`);
  try {
    if (existsSync(folder)) await rename(folder, old);
    await rename(fresh, folder);
  } catch (error) {
    await putBack(old, folder);
    if (!isOtherDisk(error)) throw error;
    await putAcross(fresh, folder);
  }
  await flushNames(dirname(folder));
  await rm(old, { recursive: true, force: true });
}

/** A result that was moved away for one that did not come stands again. */
async function putBack(old: string, folder: string): Promise<void> {
  if (!existsSync(folder) && existsSync(join(old, 'manifest.json'))) await move(old, folder);
}

async function putAcross(fresh: string, folder: string): Promise<void> {
  const parent = dirname(folder);
  const { prefix, ready, old } = acrossPaths(folder);
  await putBack(old, folder);
  for (const name of await readdir(parent)) {
    if (name.includes(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  }
  await move(fresh, ready);
  if (existsSync(folder)) {
    await rename(folder, old).catch(async (error: unknown) => {
      // A layer of a container's image: it can be removed, but not renamed. Without a manifest it counts as absent.
      if (!isOtherDisk(error)) throw error;
      await rm(join(folder, 'manifest.json'), { force: true });
      await rm(folder, { recursive: true });
    });
  }
  await rename(ready, folder);
  await rm(old, { recursive: true, force: true });
}

/** Where a result waits beside its place when that is on another disk than the work, and where the one before does. */
function acrossPaths(folder: string): { prefix: string; ready: string; old: string } {
  const prefix = `.${basename(folder)}.across-`;
  return { prefix, ready: join(dirname(folder), `${prefix}new`), old: join(dirname(folder), `${prefix}old`) };
}

/**
 * Removes what a killed process left in a scratch folder, and puts back what one that was killed between two renames had
 * moved away from `folder`. Only while its lease is held; should one that has lost the lease be about to publish, it
 * finds nothing to put in place any more.
 */
export async function sweepScratch(scratch: string, folder: string): Promise<void> {
  const names = await readdir(scratch).catch(() => []);
  for (const name of names.filter((one) => /^(publish|old|gone)-/.test(one))) {
    if (name.startsWith('old-')) await putBack(join(scratch, name), folder);
    // At one stroke, so that no other can put in place what is half removed.
    const gone = join(scratch, `gone-${randomUUID()}`);
    await rename(join(scratch, name), gone).catch(() => undefined);
    await rm(gone, { recursive: true, force: true });
  }
  await putBack(acrossPaths(folder).old, folder);
}

function checkMetrics(metrics: readonly Metric[]): void {
  for (const [name, value] of Object.entries(metricValues(metrics))) {
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new UserError(`The metric '${name}' is ${value}: a result like this is not published`, {
        remedy: 'Look at the curve in the work folder; a smaller learning rate often helps.',
      });
    }
  }
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
