import { createHash } from 'node:crypto';
import type { RootDatabase } from 'lmdb';
import { canonicalJson, sha256 } from '@selfsup/engine/files';
import type { Progress } from '@selfsup/engine/progress';
import { ChannelSums } from './channel-sums.ts';
import { keysUnder, parseImageKey } from './lmdb-folder.ts';
import type { DatasetManifest, SplitSummary } from './manifest.ts';
import { decodeRecord, verifiedChecksum } from './record.ts';

/** What the records of a data set say when all of them are read. */
export interface Survey {
  /** Per split: places of its images in the source's order, and their labels. */
  readonly index: ReadonlyMap<string, { readonly ordinals: Uint32Array; readonly labels: Int32Array }>;
  readonly splits: Readonly<Record<string, SplitSummary>>;
  readonly statistics: DatasetManifest['statistics'];
  readonly digest: string;
}

/**
 * Reads all records once, in key order: verifies each checksum, and takes labels, channel statistics (of the train
 * split, or of all where there is none) and the digest. Throws `UserError` at a damaged record.
 */
export async function survey(
  database: RootDatabase<Buffer, string>,
  classes: readonly string[],
  channels: number,
  progress: Progress,
): Promise<Survey> {
  const digest = createHash('sha256');
  const found = new Map<string, { ordinals: number[]; labels: number[]; sums: ChannelSums }>();
  const phase = progress.phase('verify', database.getCount(keysUnder('image')), 'images');
  let unreported = 0;
  for (const key of database.getKeys(keysUnder('image'))) {
    const bytes = database.getBinary(key)!;
    digest.update(`${key} ${verifiedChecksum(bytes, key)}\n`);
    const record = decodeRecord(bytes, key);
    const { split, ordinal } = parseImageKey(key);
    let summary = found.get(split);
    if (summary === undefined) {
      summary = { ordinals: [], labels: [], sums: new ChannelSums(channels) };
      found.set(split, summary);
    }
    summary.ordinals.push(ordinal);
    summary.labels.push(record.label);
    summary.sums.add(record.payload);
    if (++unreported === 5000) {
      phase.advance(unreported);
      unreported = 0;
      await new Promise((resolve) => setImmediate(resolve)); // let progress and signals through
    }
  }
  phase.advance(unreported);
  phase.done();
  digest.update(`classes ${sha256(canonicalJson(classes))}\n`);

  const splits: Record<string, SplitSummary> = {};
  const index = new Map<string, { ordinals: Uint32Array; labels: Int32Array }>();
  for (const [split, { ordinals, labels }] of found) {
    const classCounts = classes.map((_, label) => labels.filter((one) => one === label).length);
    splits[split] = { count: ordinals.length, classCounts };
    index.set(split, { ordinals: Uint32Array.from(ordinals), labels: Int32Array.from(labels) });
  }
  const sums = found.has('train') ? [found.get('train')!.sums] : [...found.values()].map((one) => one.sums);
  const statistics = sums.length === 0 ? { mean: [], std: [] } : ChannelSums.joined(sums).statistics();
  return { index, splits, statistics, digest: digest.digest('hex') };
}
