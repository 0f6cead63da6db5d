import { createHash } from 'node:crypto';
import type { RootDatabase } from 'lmdb';
import { canonicalJson, sha256 } from '@selfsup/kit/files';
import type { Progress } from '@selfsup/kit/progress';
import { warningsOf, type Repeats } from '../ingest/warnings.ts';
import { joinedSums, statisticsOf, type ChannelSums } from './channel-sums.ts';
import { keysUnder, parseImageKey, sumsKey } from './lmdb-folder.ts';
import type { DatasetManifest, DatasetWarning, Range, SplitSummary } from './manifest.ts';
import { decodeRecord, verifiedChecksum } from './record.ts';

/** What the records of a dataset say when all of them are read. */
export interface DatasetSummary {
  /** Per split: places of its images in the source's order, and their labels. */
  readonly index: ReadonlyMap<string, { readonly ordinals: Uint32Array; readonly labels: Int32Array }>;
  readonly splits: Readonly<Record<string, SplitSummary>>;
  readonly sizes: DatasetManifest['sizes'];
  readonly statistics: DatasetManifest['statistics'];
  readonly digest: string;
  readonly warnings: readonly DatasetWarning[];
  /** Images that were turned as their EXIF orientation says. */
  readonly turned: number;
}

/**
 * Part of the sha256 of what a record shows. 48 bits: two of a million pictures that differ have the same with a probability
 * of 1 in 560.
 */
const pictureDigest = (payload: Uint8Array): number => createHash('sha256').update(payload).digest().readUIntBE(0, 6);

/** Whether a split is trained on: `train`, or one of PASCAL's, such as `trainval` and `trainaug`. */
const isTraining = (split: string): boolean => split.startsWith('train');

function repeatsOf(pictures: ReadonlyMap<string, readonly number[]>): Map<string, Repeats> {
  const training = new Set([...pictures].flatMap(([split, digests]) => (isTraining(split) ? digests : [])));
  const repeats = new Map<string, Repeats>();
  for (const [split, digests] of pictures) {
    const inTraining = digests.filter((digest) => training.has(digest)).length;
    repeats.set(split, { distinct: new Set(digests).size, inTraining });
  }
  return repeats;
}

class RangeOf {
  private least = Infinity;
  private greatest = 0;
  private sum = 0;
  private count = 0;

  add(value: number): void {
    this.least = Math.min(this.least, value);
    this.greatest = Math.max(this.greatest, value);
    this.sum += value;
    this.count++;
  }

  range(): Range {
    if (this.count === 0) return { least: 0, mean: 0, greatest: 0 };
    return { least: this.least, mean: Math.round((this.sum / this.count) * 100) / 100, greatest: this.greatest };
  }
}

/**
 * Reads all records once, in key order: verifies each checksum, and takes labels, sizes and the digest; channel
 * statistics (of the training images, or of all where no split is for training) come from the sums kept while ingesting; and what must be
 * said of it all. Throws `UserError` at a damaged record.
 */
export async function summarise(
  database: RootDatabase<Buffer, string>,
  classes: readonly string[],
  progress: Progress,
): Promise<DatasetSummary> {
  const digest = createHash('sha256');
  const found = new Map<string, { ordinals: number[]; labels: number[] }>();
  const pictures = new Map<string, number[]>();
  const height = new RangeOf();
  const width = new RangeOf();
  let total = 0;
  const phase = progress.phase('verify', database.getCount(keysUnder('image')), 'images');
  let unreported = 0;
  for (const key of database.getKeys(keysUnder('image'))) {
    const bytes = database.getBinary(key)!;
    digest.update(`${key} ${verifiedChecksum(bytes, key)}\n`);
    const record = decodeRecord(bytes, key);
    const { split, ordinal } = parseImageKey(key);
    let summary = found.get(split);
    if (summary === undefined) {
      summary = { ordinals: [], labels: [] };
      found.set(split, summary);
      pictures.set(split, []);
    }
    summary.ordinals.push(ordinal);
    summary.labels.push(record.label);
    pictures.get(split)!.push(pictureDigest(record.payload));
    height.add(record.height);
    width.add(record.width);
    total += bytes.length;
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
    const classCounts = classes.map(() => 0);
    for (const label of labels) if (label >= 0) classCounts[label]!++;
    splits[split] = { count: ordinals.length, classCounts };
    index.set(split, { ordinals: Uint32Array.from(ordinals), labels: Int32Array.from(labels) });
  }
  const sumsOf = (these: readonly string[]): ChannelSums | undefined =>
    joinedSums(
      these.flatMap((split) => {
        const stored = database.getBinary(sumsKey(split));
        return stored === undefined ? [] : [JSON.parse(stored.toString()) as ChannelSums];
      }),
    );
  const trained = [...found.keys()].filter(isTraining);
  const sums = sumsOf(trained.length > 0 ? trained : [...found.keys()]);
  const turned = sumsOf([...found.keys()])?.turned ?? 0;
  const statistics = sums === undefined ? { mean: [], std: [] } : statisticsOf(sums);
  const sizes = { height: height.range(), width: width.range(), bytes: total };
  const warnings = warningsOf({ classes, splits, statistics }, repeatsOf(pictures));
  return { index, splits, sizes, statistics, digest: digest.digest('hex'), warnings, turned };
}
