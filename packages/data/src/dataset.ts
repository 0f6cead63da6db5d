import { UserError } from '@selfsup/engine/errors';
import { imageKey, labelsKey, openLmdb, ordinalsKey } from './lmdb-folder.ts';
import { type DatasetManifest, readManifestSync } from './manifest.ts';
import { copyRawPixels, decodeRecord } from './record.ts';

export type { DatasetManifest } from './manifest.ts';

/** A finished data set, open for reading. */
export interface Dataset {
  readonly folder: string;
  readonly manifest: DatasetManifest;
  /** Number of images of a split. Throws `UserError` listing the splits there are. */
  count(split: string): number;
  /** Class indices of a split, [count], -1 for none. The array is shared: do not write to it. */
  labels(split: string): Int32Array;
  /** A copy of the raw pixels of image `i` of a split: [height, width, channels], 0..255. */
  image(split: string, i: number): Uint8Array;
  /** Copies the pixels of image `i` into `target` at `offset` bytes. */
  readInto(split: string, i: number, target: Uint8Array, offset: number): void;
  /** Where image `i` came from, inside its source. */
  sourcePath(split: string, i: number): string;
  /** Further annotations of image `i` as JSON text, empty where there are none. */
  annotations(split: string, i: number): string;
  close(): Promise<void>;
}

interface OpenSplit {
  readonly ordinals: Uint32Array;
  readonly labels: Int32Array;
}

/** A copy of 4-byte integers: LMDB hands out bytes at any alignment. */
function integers<A>(bytes: Buffer, make: (buffer: ArrayBuffer) => A): A {
  return make(new Uint8Array(bytes).buffer);
}

/**
 * Opens the data set in `folder` (an LMDB environment with its manifest) read-only. Throws `UserError` where it is
 * missing, unfinished, or of another schema version.
 */
export function openDataset(folder: string): Dataset {
  const manifest = readManifestSync(folder);
  const { height, width, channels, encoding } = manifest.image;
  if (encoding !== 'raw') {
    throw new UserError(`Images stored as ${encoding} cannot be read by this version`, { file: folder });
  }
  const pixels = height * width * channels;
  const database = openLmdb(folder, true);
  const splits = new Map<string, OpenSplit>();

  const splitOf = (name: string): OpenSplit => {
    const known = splits.get(name);
    if (known !== undefined) return known;
    const ordinals = name in manifest.splits ? database.getBinary(ordinalsKey(name)) : undefined;
    const labels = database.getBinary(labelsKey(name));
    if (ordinals === undefined || labels === undefined) {
      throw new UserError(`Data set ${manifest.name} has no split "${name}"`, {
        remedy: `Use one of: ${Object.keys(manifest.splits).join(', ')}.`,
      });
    }
    const opened = {
      ordinals: integers(ordinals, (buffer) => new Uint32Array(buffer)),
      labels: integers(labels, (buffer) => new Int32Array(buffer)),
    };
    splits.set(name, opened);
    return opened;
  };

  const withRecord = <A>(split: string, i: number, use: (bytes: Buffer, key: string) => A): A => {
    const { ordinals } = splitOf(split);
    const ordinal = ordinals[i];
    if (ordinal === undefined) throw new RangeError(`Image ${i} of ${ordinals.length} of split ${split}`);
    const key = imageKey(split, ordinal);
    const bytes = database.getBinaryFast(key); // valid until the next read
    if (bytes === undefined) {
      throw new UserError(`Record ${key} of data set ${manifest.name} is missing`, {
        file: folder,
        remedy: 'Delete this data set and ingest it again.',
      });
    }
    return use(bytes, key);
  };

  const readInto = (split: string, i: number, target: Uint8Array, offset: number): void =>
    withRecord(split, i, (bytes, key) => copyRawPixels(bytes, pixels, target, offset, key));

  return {
    folder,
    manifest,
    count: (split) => splitOf(split).ordinals.length,
    labels: (split) => splitOf(split).labels,
    readInto,
    image: (split, i) => {
      const target = new Uint8Array(pixels);
      readInto(split, i, target, 0);
      return target;
    },
    sourcePath: (split, i) => withRecord(split, i, (bytes, key) => decodeRecord(bytes, key).path),
    annotations: (split, i) => withRecord(split, i, (bytes, key) => decodeRecord(bytes, key).annotations),
    close: () => database.close(),
  };
}
