/** The course of precision and recall down a list, best first. */
export interface PrecisionCurve {
  /** All that should be found. */
  readonly positives: number;
  /** After each place where the list may be cut: how many of those taken so far are right, and how many were taken. */
  readonly points: readonly { readonly right: number; readonly taken: number }[];
}

/** Rows by score, greatest first; of equal ones the lower row comes first. */
export function ranked(scores: ArrayLike<number>): number[] {
  return Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
}

/** The curve of rows by score, greatest first, rows of equal score taken together. `order` is `ranked(scores)`. */
export function rankingCurve(
  isPositive: ArrayLike<boolean | number>,
  scores: ArrayLike<number>,
  order: readonly number[] = ranked(scores),
): PrecisionCurve {
  if (isPositive.length !== scores.length) throw new RangeError(`${isPositive.length} truths, ${scores.length} scores`);
  const points: { right: number; taken: number }[] = [];
  let right = 0;
  order.forEach((index, i) => {
    if (isPositive[index]) right++;
    const next = order[i + 1];
    if (next === undefined || scores[next] !== scores[index]) points.push({ right, taken: i + 1 });
  });
  return { positives: right, points };
}

/** Points of a curve that are drawn. */
const DRAWN = 100;

/** Recall and precision in [0, 1] at about a hundred places of the list, the last among them. */
export function drawnPoints({ positives, points }: PrecisionCurve): [recall: number, precision: number][] {
  const step = Math.max(1, Math.ceil(points.length / DRAWN));
  return points
    .filter((_, i) => i % step === 0 || i === points.length - 1)
    .map(({ right, taken }) => [positives === 0 ? 0 : right / positives, right / taken]);
}

/**
 * PASCAL VOC's average precision since 2010, in [0, 1]: the area under precision made monotone, which at each recall
 * takes the greatest precision at that recall or beyond. NaN without positives.
 */
export function envelopeArea({ positives, points }: PrecisionCurve): number {
  if (positives === 0) return Number.NaN;
  let [sum, greatest] = [0, 0];
  for (let i = points.length - 1; i >= 0; i--) {
    const { right, taken } = points[i]!;
    greatest = Math.max(greatest, right / taken);
    sum += ((right - (points[i - 1]?.right ?? 0)) / positives) * greatest;
  }
  return sum;
}

/** The greatest precision in [0, 1] at recalls of 0, 0.1, … 1 or beyond, `[11]`, of a curve with positives; 0 at recalls not reached. */
export function elevenPrecisions({ positives, points }: PrecisionCurve): number[] {
  const greatest = new Array<number>(11).fill(0);
  for (const { right, taken } of points) {
    // In whole numbers: 3 of 10 is a recall of three tenths, whatever 0.1 + 0.1 + 0.1 is.
    const tenth = Math.floor((10 * right) / positives);
    greatest[tenth] = Math.max(greatest[tenth]!, right / taken);
  }
  for (let tenth = 9; tenth >= 0; tenth--) greatest[tenth] = Math.max(greatest[tenth]!, greatest[tenth + 1]!);
  return greatest;
}

/** PASCAL VOC's average precision until 2009, in [0, 1]: the mean of `elevenPrecisions`. NaN without positives. */
export function elevenPointMean(curve: PrecisionCurve): number {
  if (curve.positives === 0) return Number.NaN;
  return elevenPrecisions(curve).reduce((sum, precision) => sum + precision, 0) / 11;
}

/** The sum over the curve's points of (rise in recall) · precision, in [0, 1], nothing interpolated. NaN without positives. */
export function plainArea({ positives, points }: PrecisionCurve): number {
  let [sum, before] = [0, 0];
  for (const { right, taken } of points) {
    sum += ((right - before) / positives) * (right / taken);
    before = right;
  }
  return positives === 0 ? Number.NaN : sum;
}

/** Average precision in [0, 1] of rows by score, rows of equal score taken together, as in scikit-learn. NaN without positives. */
export function averagePrecision(isPositive: ArrayLike<boolean | number>, scores: ArrayLike<number>): number {
  return plainArea(rankingCurve(isPositive, scores));
}
