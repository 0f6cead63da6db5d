import { UserError } from '@selfsup/kit/errors';
import type { DatasetWarning } from '../store/manifest.ts';

/** The classes of the objects of a split. */
export interface SplitObjects {
  readonly split: string;
  readonly names: ReadonlySet<string>;
}

const isTraining = ({ split }: SplitObjects): boolean => split.startsWith('train');
const namesOf = (splits: readonly SplitObjects[]): Set<string> => new Set(splits.flatMap(({ names }) => [...names]));

/**
 * The classes of a dataset that names none: those of its objects, in the order of the alphabet. Throws `UserError` where
 * objects of a class stand in another split and in none that is trained on: a slip of the pen makes a class of its own.
 */
export function foundClasses(splits: readonly SplitObjects[], file: string): string[] {
  const training = splits.filter(isTraining);
  const known = namesOf(training);
  for (const { split, names } of training.length > 0 ? splits : []) {
    const strange = [...names].filter((name) => !known.has(name)).sort();
    if (strange.length === 0) continue;
    throw new UserError(`${strange.join(', ')}: objects are called so in ${split}, and none that is trained on`, {
      file,
      field: 'classes',
      remedy: 'Correct the annotations, or list all "classes" in dataset.json; images with others are left out then.',
    });
  }
  return [...namesOf(splits)].sort();
}

/** Says which classes have no object in a split; nothing of datasets without objects. */
export function objectWarnings(classes: readonly string[], splits: readonly SplitObjects[]): DatasetWarning[] {
  if (splits.every(({ names }) => names.size === 0)) return [];
  return splits.flatMap((one) => {
    const empty = classes.filter((name) => name !== 'background' && !one.names.has(name));
    if (empty.length === 0) return [];
    const kind = isTraining(one) ? 'class-without-training-images' : 'class-without-test-images';
    const message = `${empty.length} of ${classes.length} classes have no object in ${one.split}: ${empty.join(', ')}.`;
    return [{ kind, message }];
  });
}
