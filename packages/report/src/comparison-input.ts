import type { DatasetFacts, PublishedNumber, Results, StageRow } from './input.ts';
import type { PublishedTable } from './published/schema.ts';

/**
 * All that the report of a comparison shows. `variants` are the labels of its entries, by which rows and published numbers
 * belong to them.
 */
export interface ComparisonInput extends Results {
  /** Name of the comparison's folder, such as `cifar10-small`. */
  readonly comparison: string;
  readonly about: AboutComparison;
  /** Address of the page beside the report in which people choose what is compared, where there is one. */
  readonly explore?: string | undefined;
  /** In the order of `variants`. */
  readonly entries: readonly ComparedEntry[];
  readonly rows: readonly ComparedRow[];
  readonly datasets: readonly DatasetFacts[];
  /** Those of the experiments and of the comparison itself; `variant` is the label of an entry, where it is one's. */
  readonly published: readonly PublishedNumber[];
  /** Published tables that are shown whole, with ours beside each row that `published` has a number of. */
  readonly wholeTables?: readonly WholeTable[] | undefined;
  readonly warnings?: readonly string[];
  /** ISO date at which the page was made; left out where the page must be reproducible. */
  readonly generated?: string | undefined;
}

/** The `about` block of a comparison file. */
interface AboutComparison {
  readonly title: string;
  readonly summary?: string | undefined;
  readonly command?: string | undefined;
  readonly time?: string | undefined;
}

/** A published table under its name, such as `single-image-linear`. */
export interface WholeTable {
  readonly name: string;
  readonly table: PublishedTable;
}

/** One variant of one experiment. */
export interface ComparedEntry {
  readonly label: string;
  /** Entries of one group share charts, and stand together in tables. */
  readonly group?: string | undefined;
  /** Drawn in the charts of every group. */
  readonly reference?: boolean | undefined;
  /** Names of the datasets that its weights were learned from; none where nothing was learned. */
  readonly pretrainedOn?: readonly string[] | undefined;
  readonly experiment: string;
  readonly variant: string;
  /** Title of the experiment. */
  readonly title: string;
  readonly paper?: string | undefined;
}

/** A stage of an entry. */
export interface ComparedRow extends StageRow {
  /**
   * Of an evaluation: all that its numbers depend on but the encoder, dotted name to value: its own settings, those of the
   * evaluations that it builds on, and the data. Numbers of two entries compare where these are the same. Empty for others.
   */
  readonly settings: Readonly<Record<string, string>>;
}
