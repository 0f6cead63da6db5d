import type { Progress } from '@selfsup/kit/progress';
import type { Dataset } from '../dataset.ts';

/** What is exported, and where to. */
export interface ExportOptions {
  readonly dataset: Dataset;
  readonly splits: readonly string[];
  /** A folder; made where it is not there. */
  readonly to: string;
  /** A shard is full when its images have so many bytes. */
  readonly shardBytes: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}
