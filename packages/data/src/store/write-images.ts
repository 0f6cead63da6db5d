import type { RootDatabase } from 'lmdb';
import { usableCores } from '@selfsup/kit/cpu-quota';
import type { Progress } from '@selfsup/kit/progress';
import { Interrupted } from '@selfsup/kit/stage';
import type { SourceReading } from '../source.ts';
import { startPool } from '../workers/worker-pool.ts';
import { joinedSums, type ChannelSums } from './channel-sums.ts';
import { sumsKey } from './lmdb-folder.ts';
import { onceEach } from './once-each.ts';
import { prepare, type Prepared, type ToPrepare } from './prepare.ts';
import type { Store } from './store.ts';

/** Where damaged images are listed: this, then the key that the image would have had. */
export const quarantinePrefix = 'quarantine/';

/** A commit comes after so many records or bytes, whichever is first: what a kill can lose at most. */
const recordsPerCommit = 2000;
const bytesPerCommit = 16 * 2 ** 20;
/** Images or bytes that go to a worker in one message. */
const imagesAtOnce = 64;
const bytesAtOnce = 2 ** 20;
/** Fewer images are not worth the start of worker threads. */
const fewImages = 400;

export interface WriteImages {
  readonly database: RootDatabase<Buffer, string>;
  readonly reading: SourceReading;
  readonly store: Store;
  /** The key of each entry. */
  readonly keys: readonly string[];
  /** Keys that are there already. */
  readonly done: ReadonlySet<string>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Turns images into records: in worker threads, or here where they are few or need no decoding. */
interface Preparer {
  readonly parallel: number;
  prepare(images: readonly ToPrepare[]): Promise<Prepared[]>;
  close(): Promise<void>;
}

function preparerFor(store: Store, images: number): Preparer {
  const here = async (all: readonly ToPrepare[]): Promise<Prepared[]> => {
    const prepared: Prepared[] = [];
    for (const one of all) prepared.push(await prepare(one, store));
    return prepared;
  };
  const isReady = ({ image }: ToPrepare): boolean => store.encoding === 'raw' && !('encoded' in image);
  if (images < fewImages) return { parallel: 1, prepare: here, close: () => Promise.resolve() };
  const workers = usableCores();
  let pool: ReturnType<typeof startPool<readonly ToPrepare[], Prepared[]>> | undefined;
  return {
    parallel: 2 * workers,
    prepare: (all) => {
      if (all.every(isReady)) return here(all);
      pool ??= startPool(workers, new URL('./prepare-worker.ts', import.meta.url), store);
      return pool.ask(all);
    },
    close: async () => pool?.close(),
  };
}

function bytesOf(image: ToPrepare['image']): number {
  return 'encoded' in image ? image.encoded.length : 'pixels' in image ? image.pixels.length : 0;
}

/**
 * Prepares and writes all images that are not there yet, committed in batches: each batch with the sums over its
 * pixels in one transaction that is on disk when it returns, so a kill loses only what was not committed. Ends with
 * `Interrupted` on abort; passes on what the source or the database throws.
 */
export async function writeImages(work: WriteImages): Promise<void> {
  const { database, reading, keys, done, store, signal } = work;
  const { entries } = reading;
  const phase = work.progress.phase('ingest', entries.length, 'images', done.size);
  const preparer = preparerFor(store, entries.length - done.size);
  let batch: { entry: number; prepared: Prepared }[] = [];
  let bytes = 0;

  const commit = (): void => {
    const records = batch;
    batch = [];
    bytes = 0;
    const sums = new Map<string, ChannelSums[]>();
    // Synchronous, so that a failed write is thrown here, and flushed to disk when it returns.
    database.transactionSync(() => {
      for (const { entry, prepared } of records) {
        const { split, path } = entries[entry]!;
        const key = keys[entry]!;
        if ('damaged' in prepared) {
          const listed = JSON.stringify({ path: `${split}: ${path}`, reason: prepared.damaged });
          database.putSync(quarantinePrefix + key, Buffer.from(listed));
          continue;
        }
        database.putSync(key, prepared.record);
        const { sums: ofImage, pixels, turned } = prepared;
        sums.set(split, [...(sums.get(split) ?? []), { sums: ofImage, pixels, turned: turned ? 1 : 0 }]);
      }
      for (const [split, added] of sums) {
        const before = database.getBinary(sumsKey(split));
        const all = before === undefined ? added : [JSON.parse(before.toString()) as ChannelSums, ...added];
        database.putSync(sumsKey(split), Buffer.from(JSON.stringify(joinedSums(all))));
      }
    });
    phase.advance(records.length);
  };

  const write = async (images: readonly ToPrepare[]): Promise<void> => {
    const prepared = await preparer.prepare(images);
    prepared.forEach((one, i) => {
      batch.push({ entry: images[i]!.image.entry, prepared: one });
      bytes += 'record' in one ? one.record.length : 0;
    });
    if (batch.length >= recordsPerCommit || bytes >= bytesPerCommit) commit();
  };

  const underWay = new Set<Promise<void>>();
  let failure: unknown;
  let group: ToPrepare[] = [];
  let groupBytes = 0;
  const send = async (): Promise<void> => {
    const images = group;
    group = [];
    groupBytes = 0;
    const writing = write(images)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => underWay.delete(writing));
    underWay.add(writing);
    if (underWay.size >= preparer.parallel) await Promise.race(underWay);
  };
  try {
    for await (const image of onceEach(reading, (entry) => !done.has(keys[entry]!))) {
      if (signal.aborted || failure !== undefined) break;
      group.push({ image, entry: entries[image.entry]! });
      groupBytes += bytesOf(image);
      if (group.length >= imagesAtOnce || groupBytes >= bytesAtOnce) await send();
    }
    if (group.length > 0 && !signal.aborted && failure === undefined) await send();
  } finally {
    await Promise.all(underWay);
    await preparer.close();
    if (failure === undefined && batch.length > 0) commit();
  }
  if (failure !== undefined) throw failure;
  if (signal.aborted) throw new Interrupted('Ingestion was stopped; running it again goes on from there.');
  phase.done();
}
