/** The course of precision and recall down a list, best first. */
export interface PrecisionCurve {
  /** All that should be found. */
  readonly positives: number;
  /** After each place where the list may be cut: how many of those taken so far are right, and how many were taken. */
  readonly points: readonly { readonly right: number; readonly taken: number }[];
}

/** The curve of rows by score, greatest first, rows of equal score taken together. */
export function rankingCurve(isPositive: ArrayLike<boolean | number>, scores: ArrayLike<number>): PrecisionCurve {
  if (isPositive.length !== scores.length) throw new RangeError(`${isPositive.length} truths, ${scores.length} scores`);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
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

/**
 * PASCAL VOC's average precision until 2009, in [0, 1]: the mean over the recalls 0, 0.1, … 1 of the greatest precision at that
 * recall or beyond, 0 where it is not reached. NaN without positives.
 */
export function elevenPointMean({ positives, points }: PrecisionCurve): number {
  if (positives === 0) return Number.NaN;
  let sum = 0;
  for (let tenth = 0; tenth <= 10; tenth++) {
    // In whole numbers: 3 of 10 is a recall of three tenths, whatever 0.1 + 0.1 + 0.1 is.
    const beyond = points.filter(({ right }) => 10 * right >= tenth * positives);
    sum += beyond.reduce((most, { right, taken }) => Math.max(most, right / taken), 0);
  }
  return sum / 11;
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
