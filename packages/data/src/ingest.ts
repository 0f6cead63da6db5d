import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { UserError } from '@selfsup/engine/errors';
import { canonicalJson } from '@selfsup/engine/files';
import type { Progress } from '@selfsup/engine/progress';
import { Interrupted } from '@selfsup/engine/stage';
import type { DatasetConfig } from './dataset-config.ts';
import { decodeImage } from './decode.ts';
import { imageKey, keysUnder, openLmdb } from './lmdb-folder.ts';
import { type DatasetManifest, readManifest } from './manifest.ts';
import { encodeRecord, estimatedRecordBytes } from './record.ts';
import { type ResolvedSource, resolveSource } from './resolve.ts';
import { seal } from './seal.ts';
import type { SourceImage, SourceReading } from './source.ts';

export interface IngestOptions {
  readonly name: string;
  /** A checked `dataset.json`. */
  readonly config: DatasetConfig;
  /** Survives interruption; the data set is made in its folder `lmdb`. */
  readonly workFolder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** `SELFSUP_DATA`. */
  readonly dataFolder?: string | undefined;
  /** The folder of `dataset.json`. */
  readonly datasetFolder: string;
  /** Path given on the command line. */
  readonly path?: string | undefined;
  /** `dataset.json`, for error messages. */
  readonly file?: string | undefined;
  /** What `resolveSource` gave, where it was asked before. */
  readonly resolved?: ResolvedSource | undefined;
}

export interface Ingested {
  /** The finished data set: an LMDB environment with its manifest. */
  readonly folder: string;
  readonly manifest: DatasetManifest;
  /** Where its content was found on this machine. */
  readonly route: string;
  /** Whether everything was there already. */
  readonly alreadyDone: boolean;
}

/** A commit comes after so many records or bytes, whichever is first: what a kill can lose at most. */
const recordsPerCommit = 2000;
const bytesPerCommit = 4 * 2 ** 20;
/** Pictures decoded at once. */
const decodesAtOnce = 8;
const defaultAtMost = 0.01;
const stateKey = 'ingest-state';
const quarantinePrefix = 'quarantine/';

/** Opens the work environment, starting over where it belongs to another source or other settings. */
async function openWork(folder: string, state: string, progress: Progress): Promise<RootDatabase<Buffer, string>> {
  await mkdir(folder, { recursive: true });
  const database = openLmdb(folder, false);
  const found = database.getBinary(stateKey)?.toString();
  if (found === state) return database;
  if (found !== undefined) progress.note('The source or its settings have changed: ingesting anew.');
  await database.close();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const fresh = openLmdb(folder, false);
  fresh.putSync(stateKey, Buffer.from(state));
  return fresh;
}

/** Throws `UserError` where the images still to come do not fit on the disk. */
async function checkDisk(folder: string, reading: SourceReading, remaining: number): Promise<void> {
  const { height, width, channels } = reading.image;
  const page = 4096;
  const bytes = estimatedRecordBytes(height * width * channels);
  // LMDB packs small records together; one of half a page and more has whole pages of its own.
  const needed = remaining * (bytes < page / 2 ? bytes * 1.3 : Math.ceil(bytes / page) * page);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) {
    const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
    throw new UserError(`The data set needs ${gigabytes(needed)}, the disk has ${gigabytes(bavail * bsize)} left`, {
      file: folder,
      remedy: 'Free some space, or set SELFSUP_ARTIFACTS to a folder on another disk.',
    });
  }
}

/** LMDB says "Input/output error" where a write ends short, which is what a disk does that has just become full. */
function diskError(folder: string, cause: unknown): unknown {
  const { message = '' } = (cause ?? {}) as Error;
  if (!/no space|input\/output error|too large|quota|MDB_MAP_FULL/i.test(message)) return cause;
  return new UserError(`The data set cannot be written: the disk is full, over its quota or failing (${message})`, {
    file: folder,
    remedy: 'Free some space and run the same command again: it goes on after the last commit.',
    cause,
  });
}

/** Writes all images that are not there yet, committed in batches. */
async function writeImages(
  database: RootDatabase<Buffer, string>,
  reading: SourceReading,
  done: ReadonlySet<string>,
  keys: readonly string[],
  options: IngestOptions,
): Promise<void> {
  const { image, entries } = reading;
  const phase = options.progress.phase('ingest', entries.length, 'images', done.size);
  let batch: { key: string; value: Buffer }[] = [];
  let bytes = 0;

  const commit = (): void => {
    const records = batch;
    batch = [];
    bytes = 0;
    // Synchronous, so that a failed write is thrown here, and flushed to disk when it returns.
    database.transactionSync(() => {
      for (const { key, value } of records) database.putSync(key, value);
    });
    phase.advance(records.length);
  };

  const store = async (found: SourceImage): Promise<void> => {
    const entry = entries[found.entry]!;
    const key = keys[found.entry]!;
    const decoded = await decodeImage(found, image.channels);
    const reason =
      'damaged' in decoded
        ? decoded.damaged
        : decoded.height !== image.height || decoded.width !== image.width
          ? `is ${decoded.height} × ${decoded.width} pixels instead of ${image.height} × ${image.width}`
          : undefined;
    const value =
      'damaged' in decoded || reason !== undefined
        ? Buffer.from(JSON.stringify({ path: `${entry.split}: ${entry.path}`, reason }))
        : encodeRecord({
            ...image,
            encoding: 'raw',
            label: entry.label,
            path: entry.path,
            annotations: entry.annotations ?? '',
            payload: decoded.pixels,
          });
    batch.push({ key: reason === undefined ? key : quarantinePrefix + key, value });
    bytes += value.length;
    if (batch.length >= recordsPerCommit || bytes >= bytesPerCommit) commit();
  };

  const underWay = new Set<Promise<void>>();
  let failure: unknown;
  try {
    for await (const found of reading.images((entry) => !done.has(keys[entry]!))) {
      if (options.signal.aborted || failure !== undefined) break;
      const storing = store(found)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => underWay.delete(storing));
      underWay.add(storing);
      if (underWay.size >= decodesAtOnce) await Promise.race(underWay);
    }
  } finally {
    await Promise.all(underWay);
    if (failure === undefined) commit();
  }
  if (failure !== undefined) throw failure;
  if (options.signal.aborted) throw new Interrupted('Ingestion was stopped; running it again goes on from there.');
  phase.done();
}

function checkQuarantine(database: RootDatabase<Buffer, string>, total: number, options: IngestOptions): void {
  const damaged = database.getCount(keysUnder('quarantine'));
  const allowed = options.config.quarantine?.atMost ?? defaultAtMost;
  if (damaged <= allowed * total) {
    if (damaged > 0) options.progress.warn(`${damaged} of ${total} images are damaged and were left out.`);
    return;
  }
  const first = [...database.getRange({ ...keysUnder('quarantine'), limit: 5 })].map(({ value }) => {
    const { path, reason } = JSON.parse(value.toString()) as { path: string; reason: string };
    return `  ${path} ${reason}`;
  });
  throw new UserError([`${damaged} of ${total} images are damaged, such as`, ...first].join('\n'), {
    file: options.file,
    field: 'quarantine.atMost',
    remedy: `Fetch the files again, or raise quarantine.atMost (now ${allowed}) if these images may be left out.`,
  });
}

/**
 * Ingests the first source that answers into an LMDB data set in `workFolder`/lmdb. Goes on after the last commit
 * when it was interrupted, starts over when the source has changed, does nothing when all is there.
 * Damaged images are left out and listed; too many of them are an error. Throws `UserError`, and `Interrupted` on
 * abort.
 */
export async function ingest(options: IngestOptions): Promise<Ingested> {
  const resolved = options.resolved ?? (await resolveSource(options));
  const folder = join(options.workFolder, 'lmdb');
  const database = await openWork(folder, canonicalJson(resolved.identity), options.progress);
  try {
    const finished = await readManifest(folder).catch(() => undefined);
    if (finished !== undefined && finished.name === options.name) {
      return { folder, manifest: finished, route: resolved.route, alreadyDone: true };
    }
    options.progress.note(`${options.name}: ${resolved.chosen} (${resolved.route})`);
    const reading = await resolved.open();
    const keys = imageKeys(reading);
    const done = new Set<string>();
    for (const key of database.getKeys(keysUnder('image'))) done.add(key);
    for (const key of database.getKeys(keysUnder('quarantine'))) {
      done.add(key.slice(quarantinePrefix.length));
    }
    await checkDisk(folder, reading, reading.entries.length - done.size);
    await writeImages(database, reading, done, keys, options);
    checkQuarantine(database, reading.entries.length, options);
    const quarantine = [...database.getRange(keysUnder('quarantine'))].map(
      ({ value }) => JSON.parse(value.toString()) as { path: string; reason: string },
    );
    const unsealed = {
      name: options.name,
      source: {
        type: resolved.type,
        config: resolved.config,
        chosen: resolved.chosen,
        fallback: resolved.fallback,
      },
      image: { ...reading.image, encoding: 'raw' as const },
      classes: reading.classes,
      quarantine,
    };
    const manifest = await seal(database, folder, unsealed, options.progress);
    return { folder, manifest, route: resolved.route, alreadyDone: false };
  } catch (cause) {
    throw diskError(folder, cause);
  } finally {
    await database.close();
  }
}

/** The key of each entry: its split and its place among the entries of that split. */
function imageKeys(reading: SourceReading): string[] {
  const next = new Map<string, number>();
  return reading.entries.map(({ split }) => {
    const ordinal = next.get(split) ?? 0;
    next.set(split, ordinal + 1);
    return imageKey(split, ordinal);
  });
}
