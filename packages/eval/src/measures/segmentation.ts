/** Of pixels, in [0, 1]. Classes that neither are there nor were said are left out of means. */
export interface SegmentationScores {
  /** Share of the pixels that are right. */
  readonly pixelAccuracy: number;
  /** Mean over classes of the share of their pixels that are right. */
  readonly meanAccuracy: number;
  /** Mean over classes of intersection over union. */
  readonly meanIu: number;
  /** The same, each class weighted by its share of the pixels. */
  readonly weightedIu: number;
  /** Intersection over union of each class; NaN for one that neither is there nor was said. */
  readonly ofClasses: readonly number[];
}

/** Measures of Long et al. 2015 (arXiv:1411.4038, §5) of counts of pixels `[true class · classes + said class]`, void left out. */
export function segmentationScores(counts: ArrayLike<number>, classes: number): SegmentationScores {
  const labels = Array.from({ length: classes }, (_, label) => label);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const mean = (values: readonly number[]): number => {
    const known = values.filter((value) => !Number.isNaN(value));
    return sum(known) / known.length;
  };
  const right = labels.map((label) => counts[label * classes + label]!);
  const there = labels.map((label) => sum(labels.map((other) => counts[label * classes + other]!)));
  const said = labels.map((label) => sum(labels.map((other) => counts[other * classes + label]!)));
  const all = sum(there);
  const ofClasses = labels.map((label) => right[label]! / (there[label]! + said[label]! - right[label]!));
  return {
    pixelAccuracy: sum(right) / all,
    meanAccuracy: mean(labels.map((label) => right[label]! / there[label]!)),
    meanIu: mean(ofClasses),
    weightedIu: sum(labels.map((label) => (there[label] === 0 ? 0 : there[label]! * ofClasses[label]!))) / all,
    ofClasses,
  };
}
