import { presenceOfBoxes } from '@selfsup/data/annotated-images';
import type { Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { elevenPointMean, envelopeArea, plainArea, rankingCurve, type PrecisionCurve } from './average-precision.ts';

/** What PASCAL's lists say of a class in an image. */
const SHOWN = 1;
const DIFFICULT = 0;
const ABSENT = -1;

/**
 * For images and classes, row by row, what PASCAL's lists say: 1 shown, 0 shown but only as difficult, −1 not shown. From the
 * images' flags, else from their boxes, else from the one class that an image has. Throws `UserError` naming the first image
 * that has none of them.
 */
export function presenceIn(dataset: Dataset, split: string, indices: ArrayLike<number>): Int32Array {
  const { classes } = dataset.manifest;
  const labels = dataset.labels(split);
  const all = new Int32Array(indices.length * classes.length).fill(ABSENT);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const row = all.subarray(i * classes.length, (i + 1) * classes.length);
    const { presence, boxes } = dataset.annotations(split, index);
    const label = labels[index]!;
    const flags = presence ?? (boxes && presenceOfBoxes(boxes, classes.length));
    if (flags !== undefined) row.set(flags);
    else if (label >= 0) row[label] = SHOWN;
    else
      throw new UserError(`Image ${dataset.sourcePath(split, index)} of ${split} has neither a class nor boxes`, {
        field: 'needs.dataset',
        remedy: 'Name a dataset in which every image has class flags, boxes or a class.',
      });
  }
  return all;
}

/** Whether images may show several classes: not all have one, but flags or boxes say of all what they show. */
export function showsSeveral(dataset: Dataset, split: string, indices: Uint32Array): boolean {
  const labels = dataset.labels(split);
  if (indices.every((index) => labels[index]! >= 0)) return false;
  return indices.every((index) => {
    const { presence, boxes } = dataset.annotations(split, index);
    return presence !== undefined || boxes !== undefined;
  });
}

/** The same of images with one class each. */
export function presenceOfLabels(labels: ArrayLike<number>, classes: number): Int32Array {
  const all = new Int32Array(labels.length * classes).fill(ABSENT);
  for (let i = 0; i < labels.length; i++) all[i * classes + labels[i]!] = SHOWN;
  return all;
}

/** The same of rows that have it, else of their one class. */
export function presenceOfRows(
  { labels, presence }: { readonly labels: Int32Array; readonly presence?: Int32Array | undefined },
  classes: number,
): Int32Array {
  return presence ?? presenceOfLabels(labels, classes);
}

/** Numbers of rows that show each class, those where it is only difficult left out. */
export function positivesByClass(presence: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let at = 0; at < presence.length; at++) if (presence[at] === SHOWN) counts[at % classes]!++;
  return counts;
}

/** Classes that a row shows, ascending. */
export function classesShown(presence: Int32Array, classes: number): Int32Array {
  const positives = positivesByClass(presence, classes);
  return Int32Array.from([...positives.keys()].filter((label) => positives[label]! > 0));
}

/** Mean average precisions in [0, 1]. */
export interface MeanPrecisions {
  /** Nothing interpolated, as in scikit-learn. */
  readonly map: number;
  /** By eleven points of recall, VOC's until 2009. */
  readonly elevenPoints: number;
  /** Under the monotone envelope, VOC's since 2010. */
  readonly envelope: number;
  /** Of each class, nothing interpolated; NaN for one that no row shows. */
  readonly ofClasses: readonly number[];
  /** Precision over recall of each class. */
  readonly curves: readonly PrecisionCurve[];
}

/**
 * Means over classes of the average precision of scores `[rows, classes]`, each class ranked over the rows where it is not only
 * difficult. Classes that no row shows are left out; NaN where that is all.
 */
export function meanPrecisions(scores: Float32Array, presence: Int32Array, classes: number): MeanPrecisions {
  const rows = presence.length / classes;
  const curves = Array.from({ length: classes }, (_, label) => {
    const places = Array.from({ length: rows }, (_, row) => row * classes + label);
    const judged = places.filter((at) => presence[at] !== DIFFICULT);
    return rankingCurve(
      judged.map((at) => presence[at] === SHOWN),
      judged.map((at) => scores[at]!),
    );
  });
  const ofClasses = curves.map(plainArea);
  const [elevenPoints, envelope] = [mean(curves.map(elevenPointMean)), mean(curves.map(envelopeArea))];
  return { map: mean(ofClasses), elevenPoints, envelope, ofClasses, curves };
}

function mean(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
