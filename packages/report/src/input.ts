import type { Metric } from '@selfsup/kit/metric';
import type { Figure, Remark } from '@selfsup/kit/stage';

/** What stages measured, for any page that shows it. */
export interface Results {
  readonly seeds: readonly number[];
  /**
   * In the order in which they are shown; one experiment without variants has the variant `base`. In a comparison these are
   * the labels of its entries.
   */
  readonly variants: readonly string[];
  /** One for each variant, seed and stage, in the order of the stages. */
  readonly rows: readonly StageRow[];
}

/**
 * All that a report shows, as plain data. Pipelines assemble it from the experiment file and the published
 * artifacts (`readFigures` reads the figures of one stage); the report itself reads nothing.
 */
export interface ReportInput extends Results {
  /** Name of the experiment's folder, such as `rotnet-small`. */
  readonly experiment: string;
  readonly about: AboutExperiment;
  /** Address of the page beside the report in which its networks run, where there is one. */
  readonly explore?: string | undefined;
  readonly datasets: readonly DatasetFacts[];
  /** What the reader must know before believing a number. */
  readonly warnings?: readonly string[];
  /** ISO date at which the page was made; left out where the page must be reproducible. */
  readonly generated?: string | undefined;
}

/** The `about` block of an experiment file. */
interface AboutExperiment {
  readonly title: string;
  readonly summary?: string | undefined;
  readonly paper?: string | undefined;
  readonly command?: string | undefined;
  readonly time?: string | undefined;
  readonly published?: readonly PublishedNumber[] | undefined;
  readonly expected?: readonly ExpectedNumber[] | undefined;
}

/** A number from the literature, set beside ours. */
export interface PublishedNumber {
  readonly metric: string;
  readonly variant?: string | undefined;
  readonly value: number;
  readonly unit?: string | undefined;
  /** Where it was read: paper and table, repository, issue. */
  readonly source: string;
  /** How it was made, in a few words. */
  readonly protocol?: string | undefined;
  /** Whether ours was made in the same way, so that a difference means something. Not unless it is said. */
  readonly comparable?: boolean | undefined;
  readonly note?: string | undefined;
  /** What the literature calls the method, where the number is of a published table. */
  readonly method?: string | undefined;
  /** The table and its column: numbers of one column were made by one protocol. */
  readonly table?: string | undefined;
  /** The row of that table. */
  readonly row?: string | undefined;
  /** A remark on the comparison with ours: mostly in what the two differ. */
  readonly remark?: string | undefined;
}

/** What this experiment should give, from an independent implementation or an earlier run. */
export interface ExpectedNumber {
  readonly metric: string;
  readonly variant?: string | undefined;
  readonly value: number;
  /** Half-width of the range that counts as agreement, in the metric's unit. */
  readonly tolerance: number;
  readonly source: string;
}

export interface DatasetFacts {
  readonly name: string;
  /** Which source was chosen, in plain words. */
  readonly chosen: string;
  /** True where the wanted data could not be had and something else stands in for it. */
  readonly fallback: boolean;
  /** How images are kept: raw of one size, or as JPEG, whose sizes vary. */
  readonly image: {
    readonly encoding?: 'raw' | 'jpeg';
    readonly height?: number;
    readonly width?: number;
    readonly channels: number;
  };
  /** Least, mean and greatest height and width where they vary. */
  readonly sizes?: Readonly<Record<'height' | 'width', { least: number; mean: number; greatest: number }>>;
  /** A contact sheet as PNG. */
  readonly sheet?: Uint8Array | undefined;
  readonly classes: readonly string[];
  readonly splits: Readonly<Record<string, { readonly count: number; readonly classCounts?: readonly number[] }>>;
  readonly digest: string;
  readonly quarantine?: readonly { readonly path: string; readonly reason: string }[];
  /** What readers of numbers on it must know. */
  readonly warnings?: readonly Remark[] | undefined;
  /** How its source was read: what folders were taken for, files that were passed over, pictures turned by their EXIF. */
  readonly reading?:
    | {
        readonly layout?: string;
        readonly passedOver?: readonly {
          readonly reason: string;
          readonly ending: string;
          readonly count: number;
          readonly example: string;
        }[];
        readonly turned?: number;
      }
    | undefined;
}

/** One stage of one variant and seed. */
export interface StageRow {
  readonly variant: string;
  readonly seed: number;
  readonly stage: string;
  /** What the stage uses, such as `tasks/rotnet`. */
  readonly uses: string;
  readonly config: unknown;
  readonly metrics: readonly Metric[];
  readonly figures: readonly Figure[];
  /** What must be known beside its metrics. */
  readonly remarks?: readonly Remark[] | undefined;
  readonly run?: RunFacts | undefined;
  readonly reproducibility?: Reproducibility | undefined;
}

/** Where and how long a stage ran: never part of a key. */
interface RunFacts {
  readonly wallSeconds?: number | undefined;
  readonly host?: string | undefined;
  readonly cpu?: string | undefined;
  readonly started?: string | undefined;
  readonly peakMemoryBytes?: number | undefined;
  /** Further facts, shown as they are. */
  readonly facts?: Readonly<Record<string, string | number>> | undefined;
}

/** What the stage's result is a function of, and what it gave. */
interface Reproducibility {
  readonly key: string;
  readonly codeKey?: string | undefined;
  readonly engine?: Readonly<Record<string, string>> | string | undefined;
  /** Digest of each thing that the stage needed, by role. */
  readonly inputs?: Readonly<Record<string, string>> | undefined;
  readonly outputDigest?: string | undefined;
  /** sha256 of each blob by name. */
  readonly blobs?: Readonly<Record<string, string>> | undefined;
}
