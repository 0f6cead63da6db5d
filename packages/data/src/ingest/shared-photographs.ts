import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import type { Dataset } from '../dataset.ts';

/** Photographs that a split of one dataset and a split of another have in common. */
export interface SharedPhotographs {
  readonly split: string;
  readonly otherSplit: string;
  /** Their paths in the source of the one. */
  readonly paths: readonly string[];
  /** The path of the first in the other. */
  readonly otherExample: string;
}

interface Place {
  readonly split: string;
  readonly path: string;
}

/** Splits that are compared; all where none is named. */
interface Compared {
  readonly split?: string | undefined;
  readonly otherSplit?: string | undefined;
}

/**
 * What tells that a photograph is the same: its stored bytes, and of PASCAL VOC its name, since releases encode it anew. That
 * of 2007 called 000032 is called 2007_000032 in later years. Bytes of a length that none of the others has are not hashed.
 */
function marksOf(dataset: Dataset, split: string, index: number, isToHash: (length: number) => boolean): string[] {
  const { type, config } = dataset.manifest.source;
  const path = dataset.sourcePath(split, index);
  const marks: string[] = [];
  const hash = (bytes: Uint8Array): void => {
    if (isToHash(bytes.length)) marks.push(createHash('sha256').update(bytes).digest('hex'));
  };
  if (dataset.manifest.image.encoding === 'jpeg') dataset.withJpeg(split, index, ({ jpeg }) => hash(jpeg));
  else hash(dataset.image(split, index));
  const name = basename(path, extname(path));
  const year = type === 'voc' ? config['year'] : undefined;
  if (year !== undefined) marks.push(`voc ${year === '2007' ? `2007_${name}` : name}`);
  return marks;
}

/**
 * The photographs that a dataset shares with another by split of each: what one is trained on is nothing to test on in the
 * other. Throws `UserError` for an unknown split.
 */
export function sharedPhotographs(
  dataset: Dataset,
  other: Dataset,
  { split: ownSplit, otherSplit }: Compared = {},
): SharedPhotographs[] {
  const known = new Map<string, Place>();
  const lengths = new Set<number>();
  const remember = (length: number): boolean => lengths.add(length).has(length);
  const isKnown = (length: number): boolean => lengths.has(length);
  for (const split of otherSplit === undefined ? Object.keys(other.manifest.splits) : [otherSplit]) {
    for (let i = 0; i < other.count(split); i++) {
      for (const mark of marksOf(other, split, i, remember))
        known.set(mark, { split, path: other.sourcePath(split, i) });
    }
  }
  const shared = new Map<string, { split: string; place: Place; paths: string[] }>();
  for (const split of ownSplit === undefined ? Object.keys(dataset.manifest.splits) : [ownSplit]) {
    for (let i = 0; i < dataset.count(split); i++) {
      const place = marksOf(dataset, split, i, isKnown)
        .map((mark) => known.get(mark))
        .find((found) => found !== undefined);
      if (place === undefined) continue;
      const pair = `${split}\0${place.split}`;
      const own = shared.get(pair) ?? { split, place, paths: [] };
      own.paths.push(dataset.sourcePath(split, i));
      shared.set(pair, own);
    }
  }
  return [...shared.values()].map(({ split, place, paths }) => ({
    ...{ split, otherSplit: place.split, paths, otherExample: place.path },
  }));
}
