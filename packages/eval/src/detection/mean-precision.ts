import type { Dataset } from '@selfsup/data/dataset';
import { elevenPointMean, envelopeArea, type PrecisionCurve } from '../measures/average-precision.ts';
import type { Found } from './detect.ts';
import { judgeDetections, type Outcome } from './precision.ts';

/** An object of a dataset. */
export type Box = NonNullable<ReturnType<Dataset['annotations']>['boxes']>[number];

/** How well the objects of a class are found, in [0, 1]; null where there are none. */
interface ClassPrecision {
  readonly map11: number | null;
  readonly envelope: number | null;
  /** Objects that are not difficult. */
  readonly objects: number;
}

/** What became of one detection, and the box of its image that it found, −1 where it found none. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly box: number;
}

/** How well all objects are found. */
export interface DetectionScores {
  /** Means over the classes with objects, NaN where there are none. */
  readonly map11: number;
  readonly envelope: number;
  readonly ofClasses: readonly ClassPrecision[];
  readonly curves: readonly PrecisionCurve[];
  /** Of each detection, image by image. */
  readonly verdicts: readonly (readonly Verdict[])[];
}

/**
 * Average precision at an overlap of one half by PASCAL's rules, of each class and on average over those with objects. `found` and
 * `truth` are of the same images.
 */
export function meanPrecision(
  found: readonly (readonly Found[])[],
  truth: readonly (readonly Box[])[],
  classes: number,
): DetectionScores {
  const verdicts = found.map((objects) => objects.map((): Verdict => ({ outcome: 'false', box: -1 })));
  const curves: PrecisionCurve[] = [];
  const ofClasses = Array.from({ length: classes }, (_, label): ClassPrecision => {
    const own = found.flatMap((objects, image) =>
      objects.flatMap((object, place) => (object.label === label ? [{ ...object, image, place }] : [])),
    );
    const places = truth.map((boxes) => boxes.flatMap((box, place) => (box.label === label ? [place] : [])));
    const objects = truth.map((boxes, image) => {
      const mine = places[image]!.map((place) => boxes[place]!);
      return {
        boxes: Float32Array.from(mine.flatMap(({ left, top, right, bottom }) => [left, top, right, bottom])),
        difficult: mine.map(({ difficult }) => Number(difficult)),
      };
    });
    const {
      curve,
      outcomes,
      objects: matched,
    } = judgeDetections(
      {
        images: own.map(({ image }) => image),
        boxes: Float32Array.from(own.flatMap(({ box }) => [...box])),
        scores: own.map(({ score }) => score),
      },
      objects,
    );
    curves.push(curve);
    own.forEach(({ image, place }, i) => {
      const object = matched[i]!;
      verdicts[image]![place] = { outcome: outcomes[i]!, box: object < 0 ? -1 : places[image]![object]! };
    });
    if (curve.positives === 0) return { map11: null, envelope: null, objects: 0 };
    return { map11: elevenPointMean(curve), envelope: envelopeArea(curve), objects: curve.positives };
  });
  const mean = (values: readonly (number | null)[]): number => {
    const known = values.filter((value) => value !== null);
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const [map11, envelope] = [mean(ofClasses.map((one) => one.map11)), mean(ofClasses.map((one) => one.envelope))];
  return { map11, envelope, ofClasses, curves, verdicts };
}
