import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import type { StoredImages } from './store.ts';

/** Version of the stored form; readers refuse any other. Raise it with every change of layout. */
export const datasetSchema = 2;

/** Name of the manifest inside a dataset's folder, beside LMDB's `data.mdb`. Written last: it marks the whole. */
export const manifestFile = 'dataset-manifest.json';

/** How many images a split has, in all and of each class. */
export interface SplitSummary {
  readonly count: number;
  readonly classCounts: readonly number[];
}

/** An image that was left out, and why. */
interface Quarantined {
  readonly path: string;
  readonly reason: string;
}

/** Least, mean and greatest of a quantity. */
export interface Range {
  readonly least: number;
  readonly mean: number;
  readonly greatest: number;
}

/** Files that a source saw and did not read as images. */
export interface PassedOver {
  readonly reason: string;
  /** Their ending, such as `.txt`; empty where they have none. */
  readonly ending: string;
  readonly count: number;
  /** One of them. */
  readonly example: string;
}

/** What may make numbers on a dataset mean less than they seem to. */
type WarningKind =
  | 'class-without-test-images'
  | 'class-without-training-images'
  | 'single-class'
  | 'constant-images'
  | 'test-equals-training'
  | 'duplicate-names'
  | 'folder-without-images';

/** Something about a dataset that readers of numbers on it must know; the message is a sentence. */
export interface DatasetWarning {
  readonly kind: WarningKind;
  readonly message: string;
}

/** How a source was read, for people. */
export interface ReadingFacts {
  /** What folders were taken for. */
  readonly layout?: string;
  readonly passedOver?: readonly PassedOver[];
  /** Pictures that were turned or mirrored as their EXIF orientation says. */
  readonly turned?: number;
}

/**
 * What a dataset is: reproducible facts only, no places, no dates. `warnings` and `reading` are for people: nothing that
 * is computed from the dataset depends on them.
 */
export interface DatasetManifest {
  readonly schema: number;
  readonly name: string;
  readonly source: {
    readonly type: string;
    /** The source's own settings, paths left out. */
    readonly config: Readonly<Record<string, unknown>>;
    /** What was taken, in plain words, for reports. */
    readonly chosen: string;
    /** Whether sources named before it in `dataset.json` did not answer. */
    readonly fallback: boolean;
  };
  readonly image: StoredImages;
  readonly classes: readonly string[];
  readonly splits: Readonly<Record<string, SplitSummary>>;
  /** Height and width of the stored images, and the bytes of their records. */
  readonly sizes: { readonly height: Range; readonly width: Range; readonly bytes: number };
  /**
   * Per channel over all pixels of the train split (all splits where there is none), in 0..255 units; of images stored
   * as JPEG before they were encoded.
   */
  readonly statistics: { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** sha256 over the sorted (key, record checksum) pairs. */
  readonly digest: string;
  readonly quarantine: readonly Quarantined[];
  /** What readers of numbers on this dataset must know. */
  readonly warnings?: readonly DatasetWarning[];
  readonly reading?: ReadingFacts;
}

function checked(text: string, file: string): DatasetManifest {
  let manifest: Partial<DatasetManifest>;
  try {
    manifest = JSON.parse(text) as Partial<DatasetManifest>;
  } catch (cause) {
    throw new UserError('The dataset manifest is not valid JSON', {
      file,
      remedy: 'Delete this dataset and ingest it again.',
      cause,
    });
  }
  if (manifest.schema !== datasetSchema) {
    const age = (manifest.schema ?? 0) < datasetSchema ? 'an older' : 'a newer';
    throw new UserError(
      `This dataset was written by ${age} version of Selfsup (schema ${manifest.schema}, this one reads ${datasetSchema})`,
      {
        file,
        field: 'schema',
        remedy: age === 'a newer' ? 'Update Selfsup.' : 'Run its ingest stage again; nothing else is needed.',
      },
    );
  }
  return manifest as DatasetManifest;
}

function missing(folder: string, cause: unknown): UserError {
  return new UserError('No complete dataset lies in this folder', {
    file: folder,
    remedy: 'Run its ingest stage; an interrupted one goes on where it stopped.',
    cause,
  });
}

/** The manifest of the dataset in `folder`. Throws `UserError` where there is none or of another schema version. */
export async function readManifest(folder: string): Promise<DatasetManifest> {
  const file = join(folder, manifestFile);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw missing(folder, cause);
  });
  return checked(text, file);
}

/** As `readManifest`, without waiting: for opening a dataset inside a worker. */
export function readManifestSync(folder: string): DatasetManifest {
  const file = join(folder, manifestFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw missing(folder, cause);
  }
  return checked(text, file);
}
