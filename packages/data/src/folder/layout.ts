import { UserError } from '@selfsup/engine/errors';

/** Where an image belongs by its path. */
export interface Place {
  readonly split: string;
  readonly className: string | undefined;
}

/** How paths of a folder of images are read. */
export interface Layout {
  place(path: string): Place;
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

/** Paths without the folders that all of them share, except one that names a split. */
export function withoutCommonFolder(paths: readonly string[]): string[] {
  let names = [...paths];
  for (;;) {
    const [first] = names[0]!.split('/') as [string];
    const isShared = names.every((name) => name.startsWith(`${first}/`));
    if (!isShared || first.toLowerCase() in splitNames) return names;
    // The only folder may be the only class: then it stays.
    if (!names.some((name) => name.split('/').length > 2)) return names;
    names = names.map((name) => name.slice(first.length + 1));
  }
}

/**
 * Finds out how paths (with `/` between their parts) name split and class, where `config` does not say. Throws
 * `UserError` naming an image that does not fit, and what to set where it cannot be known.
 */
export function layoutOf(
  paths: readonly string[],
  config: { readonly classes?: 'folders' | 'none' | undefined; readonly splits?: 'folders' | 'none' | undefined },
  file: string,
): Layout {
  const splitOf = (path: string): string | undefined => splitNames[path.split('/')[0]!.toLowerCase()];
  const inSplits = paths.filter((path) => path.includes('/') && splitOf(path) !== undefined).length;
  if (config.splits === undefined && inSplits > 0 && inSplits < paths.length) {
    const odd = paths.find((path) => splitOf(path) === undefined)!;
    throw new UserError(`Some images lie in a folder of a split, ${odd} does not`, {
      file,
      field: 'splits',
      remedy: 'Set "splits" to "none" if train, val and test are classes, or move the other images away.',
    });
  }
  const hasSplits = config.splits === undefined ? inSplits > 0 : config.splits === 'folders';
  const below = (path: string): string[] => path.split('/').slice(hasSplits ? 1 : 0);
  if (hasSplits) {
    const odd = paths.find((path) => !path.includes('/'));
    if (odd !== undefined) {
      throw new UserError(`${odd} lies in no folder of a split`, {
        file,
        field: 'splits',
        remedy: 'Put it into one, or set "splits" to "none".',
      });
    }
  }
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
  return {
    place(path) {
      const outermost = path.split('/')[0]!;
      const split = hasSplits ? (splitNames[outermost.toLowerCase()] ?? outermost) : 'train';
      return { split, className: hasClasses ? below(path)[0] : undefined };
    },
  };
}
