import { UserError } from '@selfsup/kit/errors';

/** Where an image belongs by its path. */
interface Place {
  readonly split: string;
  readonly className: string | undefined;
}

/** How paths of a folder of images are read. */
export interface Layout {
  /** In plain words, for people. */
  readonly description: string;
  place(path: string): Place;
}

interface LayoutConfig {
  readonly classes?: 'folders' | 'none' | undefined;
  readonly splits?: 'folders' | 'none' | undefined;
}

const splitNames: Readonly<Record<string, string>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  testing: 'test',
};

const outermost = (path: string): string => path.split('/')[0]!;

/**
 * The split that a folder's name says: `train`, `Validation`; and also `seg_train`, `train2017`, `testSet`, in which one word of
 * several does.
 */
function splitIn(folder: string): string | undefined {
  const words = folder
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  const named = words.flatMap((word) => splitNames[word.replace(/(?:set|data|images?|imgs?)$/, '')] ?? []);
  return named.length === 1 ? named[0] : undefined;
}

/** Whether a name says a split and nothing else. */
const isPlainSplit = (folder: string): boolean => folder.toLowerCase() in splitNames;

/** The folders that all of these paths share, except one that names a split; with a slash at the end, or empty. */
export function commonFolder(paths: readonly string[]): string {
  let common = '';
  for (;;) {
    const below = paths.map((path) => path.slice(common.length));
    const first = outermost(below[0]!);
    const isShared = below.every((path) => path.startsWith(`${first}/`));
    if (!isShared || isPlainSplit(first)) return common;
    // The only folder may be the only class: then it stays.
    if (!below.some((path) => path.split('/').length > 2)) return common;
    common += `${first}/`;
  }
}

/** The split of each outermost folder, or undefined where they are none. Throws `UserError` where it cannot be known. */
function splitsOf(paths: readonly string[], config: LayoutConfig, file: string): Map<string, string> | undefined {
  const folders = [...new Set(paths.filter((path) => path.includes('/')).map(outermost))].sort();
  const apart = paths.find((path) => !path.includes('/'));
  if (config.splits === 'none' || folders.length === 0) return undefined;
  if (config.splits === 'folders') {
    if (apart === undefined) return uniquelyNamed(folders);
    throw new UserError(`${apart} lies in no folder of a split`, {
      file,
      field: 'splits',
      remedy: 'Put it into one, or set "splits" to "none".',
    });
  }
  const named = folders.filter((name) => splitIn(name) !== undefined);
  const found = new Set(named.map(splitIn));
  const others = folders.length - named.length + (apart === undefined ? 0 : 1);
  // A class may well be called `bullet_train`: among other classes, that makes no split of it.
  const isAmongOthers = others > 0 && !(found.has('train') && found.size > 1 && named.length >= others);
  if (named.length === 0 || (!named.some(isPlainSplit) && isAmongOthers)) return undefined;
  if (others > 0) {
    const odd = apart ?? paths.find((path) => !named.includes(outermost(path)))!;
    throw new UserError(`Some images lie in a folder of a split (${named.join(', ')}), ${odd} does not`, {
      file,
      field: 'splits',
      remedy: `Set "splits" to "none" if ${named.join(', ')} are classes, to "folders" if all outermost folders are splits, or move the other images away.`,
    });
  }
  if (found.size < named.length) {
    throw new UserError(`Several of the folders ${named.join(', ')} name the same split`, {
      file,
      field: 'splits',
      remedy:
        'Set "splits" to "folders" to have each as a split of its own name, to "none" if they are classes, or join them.',
    });
  }
  return uniquelyNamed(named);
}

/** Folders by the split that they name; those that name none, or the same as another, are splits of their own names. */
function uniquelyNamed(folders: readonly string[]): Map<string, string> {
  const often = (split: string): boolean => folders.filter((name) => splitIn(name) === split).length > 1;
  return new Map(
    folders.map((name) => {
      const split = splitIn(name);
      return [name, split === undefined || often(split) ? name : split];
    }),
  );
}

/**
 * Finds out how paths (with `/` between their parts) name split and class, where `config` does not say. Throws
 * `UserError` naming an image that does not fit, and what to set where it cannot be known.
 */
export function layoutOf(paths: readonly string[], config: LayoutConfig, file: string): Layout {
  const splits = splitsOf(paths, config, file);
  // As unpacking sometimes leaves it: seg_train/seg_train/<class>.
  const doubled = new Set(
    [...(splits?.keys() ?? [])].filter((name) =>
      paths.filter((path) => outermost(path) === name).every((path) => path.startsWith(`${name}/${name}/`)),
    ),
  );
  const below = (path: string): string[] => {
    if (splits === undefined) return path.split('/');
    return path.split('/').slice(doubled.has(outermost(path)) ? 2 : 1);
  };
  const inClasses = paths.filter((path) => below(path).length > 1).length;
  if (config.classes !== 'none' && inClasses > 0 && inClasses < paths.length) {
    const odd = paths.find((path) => below(path).length < 2)!;
    throw new UserError(`Some images lie in a folder of a class, ${odd} does not`, {
      file,
      field: 'classes',
      remedy: 'Put it into one, or set "classes" to "none".',
    });
  }
  if (config.classes === 'folders' && inClasses === 0) {
    throw new UserError('No image lies in a folder of a class', {
      file,
      field: 'classes',
      remedy: 'Put the images of each class into a folder of its name, or set "classes" to "none".',
    });
  }
  const hasClasses = config.classes !== 'none' && inClasses > 0;
  const splitsText =
    splits === undefined
      ? 'one split, train'
      : `splits ${[...splits].map(([name, split]) => (name === split ? name : `${split} (${name})`)).join(', ')}`;
  return {
    description: `${splitsText}; ${hasClasses ? 'classes by folder' : 'no classes'}`,
    place(path) {
      const split = splits === undefined ? 'train' : (splits.get(outermost(path)) ?? outermost(path));
      return { split, className: hasClasses && below(path).length > 1 ? below(path)[0] : undefined };
    },
  };
}
