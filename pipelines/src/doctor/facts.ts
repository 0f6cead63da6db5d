import type { EngineStatus } from '@selfsup/engine/status';

/** A tool that was looked for: how it is called, or why it cannot be used. */
export type Tool = { readonly found: string } | { readonly problem: string; readonly remedy: string };

/** A package that a `package.json` pins, as it is not. */
export interface PackageProblem {
  readonly name: string;
  readonly wanted: string;
  /** Undefined where it is not installed at all. */
  readonly installed: string | undefined;
}

/** A folder that Selfsup writes to, or reads alone. It need not exist yet. */
export interface FolderState {
  /** Absolute; undefined where no place was named and there is none by default. */
  readonly path: string | undefined;
  readonly exists: boolean;
  readonly freeBytes: number | undefined;
  /** Why nothing can be written there; undefined where it can. */
  readonly problem: string | undefined;
}

/** What a look at a dataset showed, without fetching anything. */
export interface DatasetState {
  readonly name: string;
  readonly ingested: boolean;
  readonly source:
    | { readonly state: 'here'; readonly chosen: string; readonly fallback: boolean }
    /** Its files are not on this machine: ingestion would try to fetch them. */
    | { readonly state: 'elsewhere' }
    /** No answer in time: another process may be fetching it. */
    | { readonly state: 'busy' }
    /** None of its sources answers, and none can be fetched. */
    | { readonly state: 'none'; readonly problem: string; readonly remedy: string | undefined }
    /** The declaration, or a file that it names, is wrong. */
    | { readonly state: 'wrong'; readonly problem: string; readonly remedy: string | undefined };
}

/** All that `diagnose` judges, so that a test can make it up. */
export interface Facts {
  /** `process.versions.node`. */
  readonly node: string;
  readonly packages: { readonly count: number; readonly problems: readonly PackageProblem[] };
  readonly engine: EngineStatus;
  /** Arithmetic of convolutions and whether results repeat; undefined where a setting is wrong. */
  readonly settings: { readonly fpmath: string; readonly deterministic: boolean } | undefined;
  readonly python: Tool;
  readonly compiler: Tool;
  readonly git: Tool;
  readonly artifacts: FolderState;
  readonly cache: FolderState;
  /** What SELFSUP_DATA names; undefined where it is unset. */
  readonly data: FolderState | undefined;
  readonly datasets: readonly DatasetState[];
}
