import type { Metric } from '@selfsup/kit/metric';
import type { FeatureSplit } from '../../features/feature-set.ts';

/** What one draw gave: by protocol, its measures and its confusion. */
export type Measured = readonly {
  readonly title: Pick<Metric, 'head' | 'protocol' | 'family'>;
  readonly measures: { readonly top1?: number; readonly map?: number };
  readonly confusion?: number[][] | undefined;
}[];

/** Some rows of a split. */
export function picked(split: FeatureSplit, rows: Uint32Array): FeatureSplit {
  return {
    images: rows.length,
    labels: Int32Array.from(rows, (row) => split.labels[row] as number),
    presence: split.presence && rowsOf(split.presence, rows, split.presence.length / split.images),
    gather: (places, target) =>
      split.gather(
        Uint32Array.from(places, (place) => rows[place] as number),
        target,
      ),
  };
}

/** Some rows of a matrix of this width. */
function rowsOf(values: Int32Array, rows: Uint32Array, width: number): Int32Array {
  const picked = new Int32Array(rows.length * width);
  rows.forEach((row, i) => picked.set(values.subarray(row * width, (row + 1) * width), i * width));
  return picked;
}
