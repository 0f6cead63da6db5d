import { moved, rowsOf, suppressed, type Boxes } from './boxes.ts';

/** How many regions a proposal network proposes, and which. */
export interface ProposalRule {
  /** Anchors of the best scores that are looked at, and regions that are left at most. */
  readonly before: number;
  readonly after: number;
  /** What two regions may overlap at most. */
  readonly overlap: number;
}

/** What a proposal network says of the anchors of an image. */
export interface AnchorScores {
  /** The greater, the likelier an object; −∞ where an anchor is left out, `[anchors]`. */
  readonly scores: Float32Array;
  /** How to move each, `[anchors, 4]`; see `offsetsBetween`. */
  readonly offsets: Float32Array;
}

/** Size of an image, and the least side of its regions, in the pixels in which anchors are given. */
export interface ProposedIn {
  readonly height: number;
  readonly width: number;
  readonly leastSide: number;
}

/**
 * The regions that a proposal network proposes, best first (Ren et al. 2015, arXiv:1506.01497, §3.3): anchors moved, clipped to
 * the image, without those with a side below `leastSide`; of the `before` of the best scores those that overlap no better one by
 * more than `overlap`, at most `after`. Of equal scores the lower index comes first.
 */
export function proposedRegions(
  anchors: Boxes,
  { scores, offsets }: AnchorScores,
  { leastSide, ...image }: ProposedIn,
  { before, after, overlap }: ProposalRule,
): Boxes {
  const boxes = moved(anchors, offsets, image);
  const sideOf = (i: number, first: number): number => boxes[4 * i + first + 2]! - boxes[4 * i + first]!;
  const eligible = [...scores.keys()].filter(
    (i) => scores[i]! > -Infinity && sideOf(i, 0) >= leastSide && sideOf(i, 1) >= leastSide,
  );
  // Numbers alone are ordered much faster than by a rule: only those that are looked at need that.
  const ordered = Float32Array.from(eligible, (i) => scores[i]!).sort();
  const least = ordered[Math.max(0, ordered.length - before)]!;
  const best = eligible
    .filter((i) => scores[i]! >= least)
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, before);
  const chosen = rowsOf(boxes, best);
  const kept = suppressed(
    chosen,
    best.map((i) => scores[i]!),
    overlap,
    after,
  );
  return rowsOf(chosen, kept);
}
