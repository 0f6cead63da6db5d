import { z } from 'zod';
import { UserError } from '@selfsup/kit/errors';
import { permutation, randomKey } from '@selfsup/kit/random';
import type { Dataset } from '../dataset.ts';

/** Part of a split; see `selectSubset` for what each kind takes. */
export const subsetSchema = z.union([
  z.strictObject({ firstPerClass: z.int().min(1) }),
  z.strictObject({ count: z.int().min(1) }),
  z.strictObject({ fraction: z.number().gt(0).max(1) }),
  z.strictObject({ list: z.array(z.int().min(0)).min(1) }),
  z.strictObject({ first: z.int().min(1) }),
]);

export type Subset = z.infer<typeof subsetSchema>;

/**
 * The images that a part of a config chooses, as `selectSubset` does. Throws `UserError` naming `<field>.split` for a split
 * that the dataset has not or that holds no image, and `<field>.subset` where it does not hold that many.
 */
export function chosenImages(
  dataset: Dataset,
  { split, subset }: { readonly split: string; readonly subset?: Subset | undefined },
  seed: number,
  field: string,
): Uint32Array {
  requireImages(dataset, split, `${field}.split`);
  return selectSubset(dataset.labels(split), subset, seed, `${field}.subset`);
}

/** Throws `UserError` naming `field` for a split that the dataset has not or that holds no image. */
export function requireImages({ manifest }: Pick<Dataset, 'manifest'>, split: string, field: string): void {
  if ((manifest.splits[split]?.count ?? 0) > 0) return;
  const held = Object.keys(manifest.splits).filter((name) => manifest.splits[name]!.count > 0);
  throw new UserError(`Dataset ${manifest.name} has no images in a split '${split}'`, {
    field,
    remedy: `Use one of: ${held.join(', ')}.`,
  });
}

/**
 * Indices into a split, ascending, a function of its arguments alone:
 * `first` N in the split's order; `firstPerClass` K of each class in that order; `count` N drawn at random by the
 * seed; `fraction` of the split, drawn likewise, rounded down to whole images but at least one; `list` as given, in
 * its own order. For one seed a smaller `count` or `fraction` is contained in a larger one.
 * Throws `UserError` where the split does not hold that many.
 *
 * @param labels class indices of the split, [count]; -1 marks an image without a label
 * @param field where the config says which part, for messages
 */
export function selectSubset(
  labels: Int32Array,
  subset: Subset | undefined,
  seed: number,
  field = 'subset',
): Uint32Array {
  const total = labels.length;
  const refuse = (kind: string, what: string): never => {
    throw new UserError(what, { field: `${field}.${kind}`, remedy: 'Ask for at most what the split holds.' });
  };
  if (subset === undefined) return Uint32Array.from({ length: total }, (_, i) => i);
  if ('first' in subset) {
    if (subset.first > total) refuse('first', `The first ${subset.first} images of a split of ${total}`);
    return Uint32Array.from({ length: subset.first }, (_, i) => i);
  }
  if ('list' in subset) {
    const outside = subset.list.find((index) => index >= total);
    if (outside !== undefined) refuse('list', `Image ${outside} of a split of ${total}, counted from 0`);
    return Uint32Array.from(subset.list);
  }
  if ('firstPerClass' in subset) return firstPerClass(labels, subset.firstPerClass, refuse);
  const count = 'count' in subset ? subset.count : Math.max(1, Math.floor(subset.fraction * total));
  if (count > total) refuse('count' in subset ? 'count' : 'fraction', `${count} images of a split of ${total}`);
  return permutation(randomKey(seed, 'subset'), total).subarray(0, count).slice().sort();
}

function firstPerClass(
  labels: Int32Array,
  perClass: number,
  refuse: (kind: string, what: string) => never,
): Uint32Array {
  const taken = new Map<number, number>();
  const chosen: number[] = [];
  labels.forEach((label, index) => {
    const before = taken.get(label) ?? 0;
    if (label < 0 || before >= perClass) return;
    taken.set(label, before + 1);
    chosen.push(index);
  });
  for (const label of new Set(labels)) {
    const found = taken.get(label) ?? 0;
    if (label >= 0 && found < perClass) {
      refuse('firstPerClass', `The first ${perClass} images of each class, but class ${label} has only ${found}`);
    }
  }
  if (chosen.length === 0) refuse('firstPerClass', 'The split has no labels to choose by');
  return Uint32Array.from(chosen);
}

/** At most `count` of the indices, evenly apart, in their order: a split in the order of its classes gives images of all of them. */
export function evenlySpaced(indices: Uint32Array, count: number): Uint32Array {
  if (indices.length <= count) return indices;
  return Uint32Array.from({ length: count }, (_, i) => indices[Math.floor((i * indices.length) / count)]!);
}
