import type { Dataset } from '@selfsup/data/dataset';
import { UserError } from '@selfsup/kit/errors';
import { wholeWork, type Extent, type Remark } from '@selfsup/kit/stage';

/** Classes that a message names; more are counted. */
const mostNamed = 10;

/** Names of the classes that a split shows no image of. */
export function classesAbsentFrom(split: string, { manifest }: Dataset): string[] {
  return manifest.classes.filter((_, label) => manifest.splits[split]?.classCounts[label] === 0);
}

/**
 * Throws `UserError` for a class that no training image shows. Where a classifier can do without, `absent` names those
 * classes that the dataset itself has no training image of: choosing others would not help. `extent`: of
 * features that an earlier stage extracted, which are few where it did little.
 */
export function refuseEmptyClass(
  of: {
    readonly classes: readonly string[];
    readonly trainLabels: Int32Array;
    readonly absent?: readonly string[] | undefined;
  },
  extent: Extent = wholeWork,
): void {
  const { classes, trainLabels, absent = [] } = of;
  const empty = withoutImages(classes, trainLabels).find((name) => !absent.includes(name));
  if (empty === undefined) return;
  const refusal = new UserError(`No training image shows class '${empty}'`, {
    field: 'train.subset',
    remedy:
      'Choose training images that hold every class, where features are cached in the stage that extracts them. ' +
      'A class that the dataset has none of must be left out of it.',
  });
  extent.tooFew(refusal);
}

/**
 * What must be said beside numbers over classes that these images do not all show. `train` and `test`: labels of the images
 * that were learned from or looked up, and of those that were measured.
 */
export function emptyClassRemarks(
  classes: readonly string[],
  { train, test }: { readonly train?: ArrayLike<number>; readonly test?: ArrayLike<number> },
): Remark[] {
  const remarks: Remark[] = [];
  const untested = test === undefined ? [] : withoutImages(classes, test);
  if (untested.length > 0) {
    const message = `${sayNone(untested, classes, 'was tested on no image')}: the number says nothing of ${them(untested)}.`;
    remarks.push({ kind: 'class-without-test-images', message });
  }
  const unlearned = train === undefined ? [] : withoutImages(classes, train);
  if (unlearned.length > 0) {
    const message = `${sayNone(unlearned, classes, 'has no training image')}: no image of ${them(unlearned)} can be recognised.`;
    remarks.push({ kind: 'class-without-training-images', message });
  }
  return remarks;
}

/** The same beside intersections over union, in which a class that no test image shows can take part. */
export function emptyMaskRemarks(
  classes: readonly string[],
  { train, test }: { readonly train: ArrayLike<number>; readonly test: ArrayLike<number> },
): Remark[] {
  const untested = withoutImages(classes, test);
  if (untested.length === 0) return emptyClassRemarks(classes, { train });
  const counts = `${them(untested) === 'it' ? 'it counts' : 'each counts'} as 0 in the mean where pixels are taken for it`;
  const message = `${sayNone(untested, classes, 'was tested on no image')}: ${counts}, else not at all.`;
  return [{ kind: 'class-without-test-images', message }, ...emptyClassRemarks(classes, { train })];
}

/** The labels of the images that a confusion `[true class][predicted class]` counts, in the order of the classes. */
export function labelsOf(confusion: readonly (readonly number[])[]): number[] {
  return confusion.flatMap((row, label) => new Array<number>(row.reduce((a, b) => a + b, 0)).fill(label));
}

function withoutImages(classes: readonly string[], labels: ArrayLike<number>): string[] {
  const seen = new Set(Array.from(labels));
  return classes.filter((_, label) => !seen.has(label));
}

/** `1 of 5 classes, red, was tested on no image`. */
function sayNone(names: readonly string[], classes: readonly string[], what: string): string {
  const rest = names.length - mostNamed;
  const listed = names.slice(0, mostNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  const verb = names.length === 1 ? what : what.replace(/^was/, 'were').replace(/^has/, 'have');
  return `${names.length} of ${classes.length} classes, ${listed}, ${verb}`;
}

function them(names: readonly string[]): string {
  return names.length === 1 ? 'it' : 'them';
}
