import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';

/** The folders of VOC's layout, wherever in a tree. */
const parts = /^(?:(.*?)\/)?((?:JPEGImages|Annotations|ImageSets|SegmentationClass(?:Aug)?)\/.+)$/;

/** A path of a tree that belongs to a dataset in VOC's layout: the folder that holds it, and the path below that. */
function inLayout(path: string): { readonly root: string; readonly below: string } | undefined {
  const [, root = '', below] = parts.exec(path) ?? [];
  return below === undefined ? undefined : { root, below };
}

/** The path below the dataset called `folder` (any, where none is named), or nothing for what belongs to no such. */
export function belowRoot(path: string, folder: string | undefined): string | undefined {
  const found = inLayout(path);
  if (found === undefined) return undefined;
  const { root, below } = found;
  return folder === undefined || root === '' || basename(root) === folder ? below : undefined;
}

/** Throws `UserError` unless the paths, of what lies in `path`, are of one dataset. */
export function checkOneRoot(paths: readonly string[], path: string): void {
  const roots = [...new Set(paths.map((one) => inLayout(one)!.root))].sort();
  if (roots.length === 1) return;
  if (roots.length === 0) {
    throw new UserError("Nothing in VOC's layout lies here", {
      file: path,
      field: 'path',
      remedy: 'Give a folder or archive with JPEGImages, Annotations and ImageSets in it.',
    });
  }
  throw new UserError(`Several datasets in VOC's layout lie here: ${roots.join(', ')}`, {
    file: path,
    field: 'folder',
    remedy: 'Name one of these folders as "folder".',
  });
}

/** The folder in VOC's layout that lies in `path`, itself or one or two below: that called `folder` where one is named. */
export function extractedIn(path: string, folder: string | undefined): string | undefined {
  const isOne = (at: string): boolean => existsSync(join(at, 'JPEGImages'));
  if (folder !== undefined) {
    return [path, join(path, 'VOCdevkit'), join(path, folder), join(path, 'VOCdevkit', folder)].find(isOne);
  }
  const around = [path, join(path, 'VOCdevkit')].filter((at) => existsSync(at));
  const found = [path, ...around.flatMap((at) => readdirSync(at).map((name) => join(at, name)))].filter(isOne);
  checkOneRoot(
    found.map((at) => `${basename(at)}/JPEGImages/*`),
    path,
  );
  return found[0];
}

/** The splits that are taken where none are named: train, val and test as far as they are listed, else all lists. */
export function usualSplits(lists: readonly string[]): string[] {
  const known = ['train', 'val', 'test'].filter((split) => lists.includes(split));
  if (known.length > 0) return known;
  // What ends in _<list> lists a class.
  return lists.filter((name) => !lists.some((other) => name.endsWith(`_${other}`))).sort();
}
