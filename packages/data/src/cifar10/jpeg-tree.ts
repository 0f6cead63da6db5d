import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { UserError } from '@selfsup/engine/errors';
import { isTar, readTar } from '../archive.ts';
import type { SourceEntry, SourceImage, SourceReading } from '../source.ts';

const layout = /(?:^|\/)(train|test)\/([^/]+)\/([^/]+\.(?:jpe?g|png))$/i;

/** Whether a relative path is that of an image in a `<split>/<class>/<file>` tree. */
export function isTreeImage(path: string): boolean {
  return layout.test(path);
}

interface TreeFile {
  readonly entry: SourceEntry;
  /** Path as the folder or archive knows it. */
  readonly path: string;
}

/** The entry at a path, or nothing where it is no image of the tree. Throws `UserError` for an unknown class. */
function treeFile(path: string, classes: readonly string[], file: string): TreeFile | undefined {
  const match = layout.exec(path);
  if (match === null) return undefined;
  const [, split = '', name = '', image = ''] = match;
  const label = classes.indexOf(name);
  if (label < 0) {
    throw new UserError(`"${name}" is not one of the classes of this data set`, {
      file,
      field: path,
      remedy: `The folders below train and test must be named: ${classes.join(', ')}.`,
    });
  }
  return { path, entry: { split: split.toLowerCase(), label, path: `${split.toLowerCase()}/${name}/${image}` } };
}

async function* folderFiles(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory()) yield relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
  }
}

async function* archivePaths(archive: string): AsyncGenerator<string> {
  for await (const { path } of readTar(archive)) yield path;
}

/**
 * Opens a `train/<class>/*.jpg`, `test/<class>/*.jpg` tree, as a folder or as a tar archive of it (read as a stream,
 * nothing unpacked). Images come in the order of their split, class and name, however they are packed.
 * Throws `UserError` where the archive is cut, a class is unknown or nothing of that layout is found.
 */
export async function openTree(
  path: string,
  classes: readonly string[],
  image: NonNullable<SourceReading['image']>,
): Promise<SourceReading> {
  const isFolder = (await stat(path)).isDirectory();
  const files: TreeFile[] = [];
  for await (const name of isFolder || !isTar(path) ? folderFiles(path) : archivePaths(path)) {
    const file = treeFile(name, classes, path);
    if (file !== undefined) files.push(file);
  }
  if (files.length === 0) {
    throw new UserError('No images of the form train/<class>/<name>.jpg or test/<class>/<name>.jpg are in here', {
      file: path,
      remedy: 'Give the folder or archive that holds train and test.',
    });
  }
  files.sort((a, b) => (a.entry.path < b.entry.path ? -1 : a.entry.path > b.entry.path ? 1 : 0));
  const places = new Map(files.map((file, place) => [file.path, place]));

  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    if (isFolder) {
      for (const [entry, file] of files.entries()) {
        if (wanted(entry)) yield { entry, encoded: await readFile(join(path, file.path)) };
      }
      return;
    }
    for await (const file of readTar(path)) {
      const entry = places.get(file.path);
      if (entry !== undefined && wanted(entry)) yield { entry, encoded: await file.content() };
    }
  }
  return { classes, image, entries: files.map(({ entry }) => entry), images };
}
