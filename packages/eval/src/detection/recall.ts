/** Area of a box, given by its edges. */
const area = (left: number, top: number, right: number, bottom: number): number =>
  Math.max(0, right - left) * Math.max(0, bottom - top);

/**
 * For each object the greatest overlap (intersection over union) that any of the boxes has with it, [objects]; 0 where there
 * are none.
 *
 * @param objects [count, 4] left, top, right, bottom on pixel borders; `boxes` likewise
 */
export function bestOverlaps(objects: Float32Array, boxes: Float32Array): Float64Array {
  return Float64Array.from({ length: objects.length / 4 }, (_, i) => {
    const [left, top, right, bottom] = objects.subarray(4 * i, 4 * i + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const own = area(left, top, right, bottom);
    let best = 0;
    for (let at = 0; at < boxes.length; at += 4) {
      const [l, t, r, b] = [boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!];
      const common = area(Math.max(left, l), Math.max(top, t), Math.min(right, r), Math.min(bottom, b));
      if (common > 0) best = Math.max(best, common / (own + area(l, t, r, b) - common));
    }
    return best;
  });
}
