import type { Metric } from '@selfsup/kit/metric';

/** One number of a system, with what is said of it. */
export interface ComparedNumber extends Pick<Metric, 'value' | 'unit' | 'better'> {
  /** Label of an entry of the comparison. */
  readonly system: string;
  readonly seed: number;
  /** What was measured and how, such as `linear, protocol zhang: top1`. */
  readonly quantity: string;
  /** Absent where it stands on none. */
  readonly layer?: string | undefined;
}

/** All that a page of a comparison lets choose from, as JSON in the block `page`. */
export interface ComparisonData {
  readonly systems: readonly string[];
  readonly seeds: readonly number[];
  readonly numbers: readonly ComparedNumber[];
}
