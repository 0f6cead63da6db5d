/** Precision and recall after each distinct score, greatest first, rows of equal score taken together. */
function steps(
  isPositive: ArrayLike<boolean | number>,
  scores: ArrayLike<number>,
): { recall: number; precision: number }[] {
  if (isPositive.length !== scores.length) throw new RangeError(`${isPositive.length} truths, ${scores.length} scores`);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const positives = order.filter((i) => isPositive[i]).length;
  const found: { recall: number; precision: number }[] = [];
  let right = 0;
  order.forEach((index, i) => {
    if (isPositive[index]) right++;
    const next = order[i + 1];
    if (next === undefined || scores[next] !== scores[index])
      found.push({ recall: right / positives, precision: right / (i + 1) });
  });
  return found;
}

/**
 * Average precision in [0, 1]: the sum over distinct scores of (rise in recall) · precision, nothing interpolated, as in
 * scikit-learn. NaN without positives.
 */
export function averagePrecision(isPositive: ArrayLike<boolean | number>, scores: ArrayLike<number>): number {
  let [sum, before] = [0, 0];
  for (const { recall, precision } of steps(isPositive, scores)) {
    sum += (recall - before) * precision;
    before = recall;
  }
  return sum;
}

/**
 * PASCAL VOC's average precision since 2010, in [0, 1]: the area under precision made monotone, which at each recall
 * takes the greatest precision at that recall or beyond. NaN without positives.
 */
export function envelopePrecision(isPositive: ArrayLike<boolean | number>, scores: ArrayLike<number>): number {
  const points = steps(isPositive, scores);
  let [sum, greatest] = [0, 0];
  for (let i = points.length - 1; i >= 0; i--) {
    const { recall, precision } = points[i]!;
    greatest = Math.max(greatest, precision);
    sum += (recall - (points[i - 1]?.recall ?? 0)) * greatest;
  }
  return sum;
}
