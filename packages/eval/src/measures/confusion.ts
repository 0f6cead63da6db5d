/** Counts `[true class][predicted class]` of class indices, both `[images]` in [0, classes). */
export function confusionOf(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  if (labels.length !== predicted.length)
    throw new RangeError(`${labels.length} labels, ${predicted.length} predictions`);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = counts[labels[i] as number];
    if (row?.[predicted[i] as number] === undefined)
      throw new RangeError(`Image ${i}: class outside 0..${classes - 1}`);
    (row[predicted[i] as number] as number)++;
  }
  return counts;
}

/** Share of the images on the diagonal, in percent. NaN without images. */
export function top1(confusion: readonly (readonly number[])[]): number {
  let [right, all] = [0, 0];
  confusion.forEach((row, label) => {
    right += row[label] ?? 0;
    for (const count of row) all += count;
  });
  return (100 * right) / all;
}
