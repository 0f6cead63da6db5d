import { UserError } from '@selfsup/kit/errors';
import type { Dataset } from '../dataset.ts';
import { annotatedImages, type AnnotatedImages } from '../loading/annotated-images.ts';

/** A split with a name for each of its images. */
export interface NamedSplit {
  readonly split: string;
  readonly images: AnnotatedImages;
  readonly names: readonly string[];
}

/**
 * Splits with names for their images that other tools take apart at blanks and dots: those of the source where they are words
 * and no two are the same, else split and number.
 */
export function namedSplits(dataset: Dataset, splits: readonly string[]): NamedSplit[] {
  const own = splits.map((split) => {
    const images = annotatedImages(dataset, split);
    return { split, images, names: Array.from({ length: images.count }, (_, i) => images.annotations(i).name) };
  });
  const all = own.flatMap(({ names }) => names);
  const areWords = all.every((name) => /^[\w-]+$/.test(name));
  if (areWords && new Set(all.map((name) => name.toLowerCase())).size === all.length) return own;
  return own.map(({ split, images, names }) => {
    const digits = String(Math.max(0, names.length - 1)).length;
    return { split, images, names: names.map((_, i) => `${split}_${String(i).padStart(digits, '0')}`) };
  });
}

/** Whether any image has a mask. */
export function hasMasks(dataset: Dataset, splits: readonly NamedSplit[]): boolean {
  return splits.some(({ split, images }) =>
    Array.from({ length: images.count }, (_, i) => i).some((i) => dataset.hasMask(split, i)),
  );
}

/** Throws `UserError` where none of the images has a box, or, where `masks` do as well, a mask. */
export function requireAnnotations(dataset: Dataset, splits: readonly NamedSplit[], masks: boolean): void {
  const has = ({ images }: NamedSplit): boolean =>
    Array.from({ length: images.count }, (_, i) => i).some((i) => images.annotations(i).labels.length > 0);
  if (splits.some(has) || (masks && hasMasks(dataset, splits))) return;
  throw new UserError(`The dataset ${dataset.manifest.name} has no ${masks ? 'boxes and no masks' : 'boxes'}`, {
    field: '--format',
    remedy: 'Export it as webdataset or folder.',
  });
}
