import { randomUUID } from 'node:crypto';
import { rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { UserError } from '@selfsup/kit/errors';
import { canonicalJson } from '@selfsup/kit/files';
import type { Progress } from '@selfsup/kit/progress';
import { dataSize } from '@selfsup/kit/units';
import { oneLine } from '../files/one-line.ts';
import type { SourceReading } from '../source.ts';
import { finalise } from '../store/finalise.ts';
import { imageKey, keysUnder, openLmdb } from '../store/lmdb-folder.ts';
import { readManifest, type DatasetManifest } from '../store/manifest.ts';
import { hasEnvironment, makeEnvironment } from '../store/new-environment.ts';
import { estimatedRecordBytes } from '../store/record.ts';
import { storedImages, storeFor, type Store } from '../store/store.ts';
import { quarantinePrefix, writeImages } from '../store/write-images.ts';
import type { DatasetConfig } from './dataset-config.ts';
import { readingLines } from './reading-lines.ts';
import { resolveSource, type ResolvedSource } from './resolve.ts';

export interface IngestOptions {
  readonly name: string;
  /** A checked `dataset.json`. */
  readonly config: DatasetConfig;
  /** Survives interruption; the dataset is made in its folder `lmdb`. */
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
  /** The finished dataset: an LMDB environment with its manifest. */
  readonly folder: string;
  readonly manifest: DatasetManifest;
  /** Where its content was found on this machine. */
  readonly route: string;
  /** Whether everything was there already. */
  readonly alreadyDone: boolean;
}

const defaultAtMost = 0.01;
const stateKey = 'ingest-state';

/** Opens the work environment; one that belongs to another source or other settings is moved aside. */
async function openWork(folder: string, state: string, progress: Progress): Promise<RootDatabase<Buffer, string>> {
  if (hasEnvironment(folder)) {
    const database = openLmdb(folder, false);
    const found = database.getBinary(stateKey)?.toString();
    if (found === state) return database;
    await database.close();
    if (found !== undefined) {
      const aside = `${folder}-aside-${randomUUID().slice(0, 8)}`;
      await rename(folder, aside);
      progress.note(`The source or its settings have changed: ingesting anew. What was begun lies in ${aside}.`);
    }
  }
  await makeEnvironment(folder);
  const fresh = openLmdb(folder, false);
  fresh.putSync(stateKey, Buffer.from(state));
  return fresh;
}

/** Throws `UserError` where the images still to come do not fit on the disk; of JPEGs that cannot be known. */
async function checkDisk(folder: string, store: Store, remaining: number): Promise<void> {
  if (store.encoding !== 'raw') return;
  const page = 4096;
  const bytes = estimatedRecordBytes(store.height * store.width * store.channels);
  // LMDB packs small records together; one of half a page and more has whole pages of its own.
  const needed = remaining * (bytes < page / 2 ? bytes * 1.3 : Math.ceil(bytes / page) * page);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) {
    throw new UserError(`The dataset needs ${dataSize(needed)}, the disk has ${dataSize(bavail * bsize)} left`, {
      file: folder,
      remedy: 'Free some space, or set SELFSUP_ARTIFACTS to a folder on another disk.',
    });
  }
}

/** LMDB says "Input/output error" where a write ends short, which is what a disk does that has just become full. */
function diskError(folder: string, cause: unknown): unknown {
  if (cause instanceof UserError) return cause;
  const { message = '' } = (cause ?? {}) as Error;
  if (!/no space|i\/o error|input\/output error|MDB_PANIC|too large|quota|MDB_MAP_FULL/i.test(message)) return cause;
  return new UserError(`The dataset cannot be written: the disk is full, over its quota or failing (${message})`, {
    file: folder,
    remedy: 'Free some space and run the same command again: it goes on after the last commit.',
    cause,
  });
}

function checkQuarantine(database: RootDatabase<Buffer, string>, total: number, options: IngestOptions): void {
  const damaged = database.getCount(keysUnder('quarantine'));
  const allowed = options.config.quarantine?.atMost ?? defaultAtMost;
  const first = [...database.getRange({ ...keysUnder('quarantine'), limit: 5 })].map(({ value }) => {
    const { path, reason } = JSON.parse(value.toString()) as { path: string; reason: string };
    return `${oneLine(path)}: ${oneLine(reason)}`;
  });
  if (damaged <= allowed * total) {
    const were = damaged === 1 ? 'is damaged and was left out:' : 'are damaged and were left out, such as';
    if (damaged > 0) options.progress.warn(`${damaged} of ${total} images ${were} ${first[0]}.`);
    return;
  }
  throw new UserError([`${damaged} of ${total} images are damaged, such as`, ...first].join('\n  '), {
    file: options.file,
    field: 'quarantine.atMost',
    remedy: `Mend what is named, be it the files or what dataset.json says of them, or raise quarantine.atMost (now ${allowed}) if these images may be left out.`,
  });
}

/**
 * Ingests the first source that answers into an LMDB dataset in `workFolder`/lmdb. Goes on after the last commit
 * when it was interrupted, starts over when the source has changed, does nothing when all is there.
 * Damaged images are left out and listed; too many of them are an error. Throws `UserError`, and `Interrupted` on
 * abort.
 */
export async function ingest(options: IngestOptions): Promise<Ingested> {
  const resolved = options.resolved ?? (await resolveSource(options));
  const folder = join(options.workFolder, 'lmdb');
  const opening = openWork(folder, canonicalJson(resolved.identity), options.progress);
  const database = await opening.catch((cause: unknown) => {
    throw diskError(folder, cause);
  });
  let isEmpty = false;
  try {
    const finished = await readManifest(folder).catch(() => undefined);
    if (finished !== undefined && finished.name === options.name) {
      return { folder, manifest: finished, route: resolved.route, alreadyDone: true };
    }
    options.progress.note(`${options.name}: ${resolved.chosen} (${resolved.route})`);
    const reading = await resolved.open();
    for (const line of readingLines(reading)) options.progress.note(line);
    const keys = imageKeys(reading);
    const done = new Set<string>();
    for (const key of database.getKeys(keysUnder('image'))) done.add(key);
    for (const key of database.getKeys(keysUnder('quarantine'))) {
      done.add(key.slice(quarantinePrefix.length));
    }
    const store = storeFor(options.config.store, reading.image);
    await checkDisk(folder, store, reading.entries.length - done.size);
    await writeImages({ ...options, database, reading, store, keys, done });
    checkQuarantine(database, reading.entries.length, options);
    const quarantine = [...database.getRange(keysUnder('quarantine'))].map(
      ({ value }) => JSON.parse(value.toString()) as { path: string; reason: string },
    );
    const draft = {
      name: options.name,
      source: {
        type: resolved.type,
        config: resolved.config,
        chosen: resolved.chosen,
        fallback: resolved.fallback,
      },
      image: storedImages(store),
      classes: reading.classes,
      quarantine,
      ...(reading.reading !== undefined && { reading: reading.reading }),
      ...(reading.warnings !== undefined && { warnings: reading.warnings }),
    };
    const manifest = await finalise(database, folder, draft, options.progress);
    return { folder, manifest, route: resolved.route, alreadyDone: false };
  } catch (cause) {
    isEmpty = holdsNothing(database);
    throw diskError(folder, cause);
  } finally {
    await database.close();
    // There is nothing to go on with.
    if (isEmpty) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Whether no image was stored or refused, as far as LMDB still tells. */
function holdsNothing(database: RootDatabase<Buffer, string>): boolean {
  try {
    return database.getCount(keysUnder('image')) + database.getCount(keysUnder('quarantine')) === 0;
  } catch {
    return false;
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
