import { ranked, type PrecisionCurve } from '../measures/average-precision.ts';
import { overlap, type Boxes } from './boxes.ts';

/** What was found of one class in all images. */
export interface Detections {
  /** Place of each detection's image, `[detections]`. */
  readonly images: ArrayLike<number>;
  readonly boxes: Boxes;
  readonly scores: ArrayLike<number>;
}

/** The objects of a class in one image. */
export interface Objects {
  readonly boxes: Boxes;
  /** 1 for those that count as neither right nor wrong, `[objects]`. */
  readonly difficult: ArrayLike<number>;
}

/** What a detection turned out to be; of `ignored` ones nothing is said. */
export type Outcome = 'true' | 'false' | 'ignored';

/** What judging the detections of a class gives. */
export interface Judged {
  readonly curve: PrecisionCurve;
  /** Of each detection, and the object of its image that a true one has found, else −1. */
  readonly outcomes: Outcome[];
  readonly objects: Int32Array;
}

/**
 * Judges the detections of a class by PASCAL's rules (VOC devkit): by score, greatest first, each goes to the object that it
 * overlaps most. It is true where that is by at least `least` and the object was not found before, ignored where the object is
 * difficult, else false: a second detection of an object too. Equal scores keep their order. Objects that are difficult need
 * not be found.
 */
export function judgeDetections(
  { images, boxes, scores }: Detections,
  objects: readonly Objects[],
  least = 0.5,
): Judged {
  const found = objects.map(({ difficult }) => new Uint8Array(difficult.length));
  const outcomes = new Array<Outcome>(scores.length).fill('false');
  const matched = new Int32Array(scores.length).fill(-1);
  const points: { right: number; taken: number }[] = [];
  let [right, taken] = [0, 0];
  for (const i of ranked(scores)) {
    const image = images[i]!;
    const { boxes: own, difficult } = objects[image]!;
    let [best, most] = [-1, 0];
    for (let j = 0; j < difficult.length; j++) {
      const shared = overlap(boxes, i, own, j);
      if (shared > most) [best, most] = [j, shared];
    }
    const isHit = best >= 0 && most >= least;
    if (isHit && difficult[best]) {
      outcomes[i] = 'ignored';
      continue;
    }
    taken++;
    if (isHit && !found[image]![best]) {
      outcomes[i] = 'true';
      matched[i] = best;
      found[image]![best] = 1;
      right++;
    }
    points.push({ right, taken });
  }
  const positives = objects.reduce(
    (sum, { difficult }) => sum + Array.from(difficult).filter((flag) => !flag).length,
    0,
  );
  return { curve: { positives, points }, outcomes, objects: matched };
}
