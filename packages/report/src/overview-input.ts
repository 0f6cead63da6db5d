import type { Metric } from '@selfsup/kit/metric';

/** All that the page over every published result shows, as plain data. */
export interface OverviewInput {
  readonly runs: readonly Run[];
  /** Title of an experiment, and the address of its report from this page, where there is one. */
  readonly experiments: Readonly<Record<string, { readonly title?: string; readonly report?: string | undefined }>>;
  readonly comparisons: readonly { readonly name: string; readonly title?: string; readonly report: string }[];
  /** What could not be read, a line each. */
  readonly damaged: readonly string[];
  /** ISO date at which the page was made; left out where the page must be reproducible. */
  readonly generated?: string | undefined;
}

/** A metric, the stage that measured it, and the datasets that it read. */
export interface Measured extends Metric {
  readonly stage: string;
  /** None where what the stage read is no longer here. */
  readonly data: readonly string[];
}

/** What is published of one variant and seed of an experiment, all its stages together. */
export interface Run {
  readonly experiment: string;
  readonly variant: string;
  readonly seed: number;
  /** Those of all stages, in the order in which these ended. */
  readonly metrics: readonly Measured[];
  /** When the last stage ended, as ISO date; undefined where no stage says so. */
  readonly finished?: string | undefined;
  /** What all stages took together; undefined where one does not say. */
  readonly seconds?: number | undefined;
  /** Names of the machines that computed it. */
  readonly hosts: readonly string[];
  /** Their processors, and GPUs. */
  readonly processors: readonly string[];
}
