import type { Dataset } from '@selfsup/data/dataset';
import { elevenPointMean, envelopeArea } from '../measures/average-precision.ts';
import type { Found } from './detect.ts';
import { judgeDetections } from './precision.ts';

type Box = NonNullable<ReturnType<Dataset['annotations']>['boxes']>[number];

/** How well the objects of a class are found, in [0, 1]; null where there are none. */
export interface ClassPrecision {
  readonly map11: number | null;
  readonly envelope: number | null;
  /** Objects that are not difficult. */
  readonly objects: number;
}

/**
 * Average precision at an overlap of one half by PASCAL's rules, of each class and on average over those with objects: NaN where
 * there are none. `found` and `truth` are of the same images.
 */
export function meanPrecision(
  found: readonly (readonly Found[])[],
  truth: readonly (readonly Box[])[],
  classes: number,
): { readonly map11: number; readonly envelope: number; readonly ofClasses: readonly ClassPrecision[] } {
  const ofClasses = Array.from({ length: classes }, (_, label): ClassPrecision => {
    const own = found.flatMap((objects, image) =>
      objects.filter((object) => object.label === label).map((object) => ({ ...object, image })),
    );
    const objects = truth.map((boxes) => {
      const mine = boxes.filter((box) => box.label === label);
      return {
        boxes: Float32Array.from(mine.flatMap(({ left, top, right, bottom }) => [left, top, right, bottom])),
        difficult: mine.map(({ difficult }) => Number(difficult)),
      };
    });
    const { curve } = judgeDetections(
      {
        images: own.map(({ image }) => image),
        boxes: Float32Array.from(own.flatMap(({ box }) => [...box])),
        scores: own.map(({ score }) => score),
      },
      objects,
    );
    if (curve.positives === 0) return { map11: null, envelope: null, objects: 0 };
    return { map11: elevenPointMean(curve), envelope: envelopeArea(curve), objects: curve.positives };
  });
  const mean = (values: readonly (number | null)[]): number => {
    const known = values.filter((value) => value !== null);
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const [map11, envelope] = [mean(ofClasses.map((one) => one.map11)), mean(ofClasses.map((one) => one.envelope))];
  return { map11, envelope, ofClasses };
}
