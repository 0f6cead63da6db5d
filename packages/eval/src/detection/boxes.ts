/**
 * Boxes, `[boxes, 4]`: left, top, right, bottom in pixels, edges on pixel borders, so that right − left is the width. PASCAL's
 * and Caffe's "+1" of inclusive corners is in that already.
 */
export type Boxes = Float32Array;

/** Share of two boxes' union that they have in common, in [0, 1]: box `i` of `a`, box `j` of `b`. */
export function overlap(a: Boxes, i: number, b: Boxes, j: number): number {
  const width = Math.min(a[4 * i + 2]!, b[4 * j + 2]!) - Math.max(a[4 * i]!, b[4 * j]!);
  const height = Math.min(a[4 * i + 3]!, b[4 * j + 3]!) - Math.max(a[4 * i + 1]!, b[4 * j + 1]!);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (areaOf(a, i) + areaOf(b, j) - common);
}

/** Area of box `i` in pixels. */
export function areaOf(boxes: Boxes, i: number): number {
  return (boxes[4 * i + 2]! - boxes[4 * i]!) * (boxes[4 * i + 3]! - boxes[4 * i + 1]!);
}

/** Some of the boxes, in this order. */
export function rowsOf(boxes: Boxes, chosen: readonly number[]): Boxes {
  const found = new Float32Array(4 * chosen.length);
  chosen.forEach((i, place) => found.set(boxes.subarray(4 * i, 4 * i + 4), 4 * place));
  return found;
}

/**
 * Non-maximum suppression: goes through the boxes by score, greatest first and of equal ones the lower index, and keeps each
 * that overlaps none kept by more than `most`, until it has `count` of them. Gives the kept ones in that order.
 */
export function suppressed(boxes: Boxes, scores: ArrayLike<number>, most: number, count = Infinity): number[] {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => scores[b]! - scores[a]! || a - b,
  );
  const kept: number[] = [];
  // Corners and areas of the kept ones lie side by side: of 12,000 boxes some ten million pairs are looked at.
  const rows = new Float64Array(5 * Math.min(count, scores.length));
  for (const i of order) {
    const end = 5 * kept.length;
    if (end === rows.length) break;
    const [left, top, right, bottom] = [boxes[4 * i]!, boxes[4 * i + 1]!, boxes[4 * i + 2]!, boxes[4 * i + 3]!];
    const area = areaOf(boxes, i);
    let isFree = true;
    for (let at = 0; at < end && isFree; at += 5) {
      const width = Math.min(right, rows[at + 2]!) - Math.max(left, rows[at]!);
      const height = Math.min(bottom, rows[at + 3]!) - Math.max(top, rows[at + 1]!);
      const common = width > 0 && height > 0 ? width * height : 0;
      isFree = !(common > 0 && common / (area + rows[at + 4]! - common) > most);
    }
    if (!isFree) continue;
    rows.set([left, top, right, bottom, area], end);
    kept.push(i);
  }
  return kept;
}

/**
 * What must be done to box `i` of `from` to make it box `j` of `to`: shifts of the centre by its sides, and logarithms of the
 * ratios of the sides (R-CNN, Girshick et al. 2014, arXiv:1311.2524, appendix C): dx, dy, dw, dh.
 */
export function offsetsBetween(from: Boxes, i: number, to: Boxes, j: number): [number, number, number, number] {
  const [width, height] = [from[4 * i + 2]! - from[4 * i]!, from[4 * i + 3]! - from[4 * i + 1]!];
  const [toWidth, toHeight] = [to[4 * j + 2]! - to[4 * j]!, to[4 * j + 3]! - to[4 * j + 1]!];
  return [
    (to[4 * j]! + toWidth / 2 - from[4 * i]! - width / 2) / width,
    (to[4 * j + 1]! + toHeight / 2 - from[4 * i + 1]! - height / 2) / height,
    Math.log(toWidth / width),
    Math.log(toHeight / height),
  ];
}

/** No side grows more than this, as a logarithm: exp(4.135) is 62.5, a thousand pixels from sixteen. */
const MOST_GROWTH = Math.log(1000 / 16);

/** The boxes that offsets `[boxes, 4]` make of boxes, clipped to an image of this size. */
export function moved(
  boxes: Boxes,
  offsets: ArrayLike<number>,
  { height, width }: { readonly height: number; readonly width: number },
): Boxes {
  const found = new Float32Array(boxes.length);
  for (let at = 0; at < boxes.length; at += 4) {
    const [left, top, right, bottom] = [boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!];
    const [ownWidth, ownHeight] = [right - left, bottom - top];
    const x = left + ownWidth / 2 + offsets[at]! * ownWidth;
    const y = top + ownHeight / 2 + offsets[at + 1]! * ownHeight;
    const halfWidth = (ownWidth * Math.exp(Math.min(offsets[at + 2]!, MOST_GROWTH))) / 2;
    const halfHeight = (ownHeight * Math.exp(Math.min(offsets[at + 3]!, MOST_GROWTH))) / 2;
    const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
    found.set([within(x - halfWidth, width), within(y - halfHeight, height)], at);
    found.set([within(x + halfWidth, width), within(y + halfHeight, height)], at + 2);
  }
  return found;
}
