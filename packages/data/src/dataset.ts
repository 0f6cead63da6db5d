import { decode as decodePng } from 'fast-png';
import { UserError } from '@selfsup/kit/errors';
import { jpegDecode, type Picture } from './pictures/native/pictures.ts';
import type { SourceMask } from './source.ts';
import type { Annotations } from './store/annotations.ts';
import { imageKey, labelsKey, openLmdb, ordinalsKey } from './store/lmdb-folder.ts';
import { readManifestSync, type DatasetManifest } from './store/manifest.ts';
import { copyRawPixels, decodeRecord, jpegOf, type JpegOfRecord } from './store/record.ts';

export type { DatasetManifest } from './store/manifest.ts';

/** A finished dataset, open for reading. */
export interface Dataset {
  readonly folder: string;
  readonly manifest: DatasetManifest;
  /** Number of images of a split. Throws `UserError` listing the splits there are. */
  count(split: string): number;
  /** Class indices of a split, [count], -1 for none. The array is shared: do not write to it. */
  labels(split: string): Int32Array;
  /** The pixels of image `i` of a split as they are stored, decoded where they are JPEG. */
  picture(split: string, i: number): Picture;
  /** A copy of the pixels of image `i` of a split whose images have one size: [height, width, channels], 0..255. */
  image(split: string, i: number): Uint8Array;
  /** Copies the pixels of image `i` into `target` at `offset` bytes. Only where images are stored raw. */
  readInto(split: string, i: number, target: Uint8Array, offset: number): void;
  /** Hands the JPEG of image `i` to `use`; its bytes are valid until that returns. Only where images are stored so. */
  withJpeg<A>(split: string, i: number, use: (stored: JpegOfRecord) => A): A;
  /** Where image `i` came from, inside its source. */
  sourcePath(split: string, i: number): string;
  /** Boxes and multi-label flags of image `i`, in the pixels of the stored image; empty where there are none. */
  annotations(split: string, i: number): Annotations;
  /** Whether image `i` has a segmentation mask. */
  hasMask(split: string, i: number): boolean;
  /** Segmentation mask of image `i`, of the size of the stored image. */
  mask(split: string, i: number): SourceMask | undefined;
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
 * Opens the dataset in `folder` (an LMDB environment with its manifest) read-only. Throws `UserError` where it is
 * missing, unfinished, or of another schema version.
 */
export function openDataset(folder: string): Dataset {
  const manifest = readManifestSync(folder);
  const { image } = manifest;
  const pixels = image.encoding === 'raw' ? image.height * image.width * image.channels : 0;
  const database = openLmdb(folder, true);
  const splits = new Map<string, OpenSplit>();

  const splitOf = (name: string): OpenSplit => {
    const known = splits.get(name);
    if (known !== undefined) return known;
    const ordinals = name in manifest.splits ? database.getBinary(ordinalsKey(name)) : undefined;
    const labels = database.getBinary(labelsKey(name));
    if (ordinals === undefined || labels === undefined) {
      throw new UserError(`Dataset ${manifest.name} has no split "${name}"`, {
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
      throw new UserError(`Record ${key} of dataset ${manifest.name} is missing`, {
        file: folder,
        remedy: 'Delete this dataset and ingest it again.',
      });
    }
    return use(bytes, key);
  };

  const readInto = (split: string, i: number, target: Uint8Array, offset: number): void =>
    withRecord(split, i, (bytes, key) => copyRawPixels(bytes, pixels, target, offset, key));

  const picture = (split: string, i: number): Picture => {
    if (image.encoding === 'raw') {
      const { height, width, channels } = image;
      const target = new Uint8Array(pixels);
      readInto(split, i, target, 0);
      return { pixels: target, height, width, channels };
    }
    return withRecord(split, i, (bytes, key) => jpegDecode(jpegOf(bytes, key).jpeg, 3));
  };

  return {
    folder,
    manifest,
    count: (split) => splitOf(split).ordinals.length,
    labels: (split) => splitOf(split).labels,
    readInto,
    withJpeg: (split, i, use) => withRecord(split, i, (bytes, key) => use(jpegOf(bytes, key))),
    picture,
    image: (split, i) => picture(split, i).pixels,
    sourcePath: (split, i) => withRecord(split, i, (bytes, key) => decodeRecord(bytes, key).path),
    annotations: (split, i) =>
      withRecord(split, i, (bytes, key) => JSON.parse(decodeRecord(bytes, key).annotations || '{}') as Annotations),
    hasMask: (split, i) => withRecord(split, i, (bytes, key) => decodeRecord(bytes, key).mask.length > 0),
    mask: (split, i) =>
      withRecord(split, i, (bytes, key) => {
        const { mask } = decodeRecord(bytes, key);
        if (mask.length === 0) return undefined;
        const { data, height, width } = decodePng(mask);
        return { classes: Uint8Array.from(data), height, width };
      }),
    close: () => database.close(),
  };
}
