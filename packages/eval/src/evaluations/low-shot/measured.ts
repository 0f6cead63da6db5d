import type { Metric } from '@selfsup/kit/metric';
import type { FeatureSplit } from '../../features/feature-set.ts';

/** What one draw gave: by protocol, its measures and its confusion. */
export type Measured = readonly {
  readonly title: Pick<Metric, 'head' | 'protocol' | 'family'>;
  readonly measures: { readonly top1: number; readonly map?: number };
  readonly confusion: number[][];
}[];

/** Some rows of a split. */
export function picked(split: FeatureSplit, rows: Uint32Array): FeatureSplit {
  return {
    images: rows.length,
    labels: Int32Array.from(rows, (row) => split.labels[row] as number),
    gather: (places, target) =>
      split.gather(
        Uint32Array.from(places, (place) => rows[place] as number),
        target,
      ),
  };
}
