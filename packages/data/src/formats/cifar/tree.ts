import { UserError } from '@selfsup/kit/errors';
import { openFileTree } from '../../files/file-tree.ts';
import type { SourceEntry, SourceImage, SourceReading } from '../../source.ts';
import { cifarImage } from './kind.ts';

const layout = /(?:^|\/)(train|test)\/([^/]+)\/([^/]+\.(?:jpe?g|png))$/i;

/** Whether a relative path is that of an image in a `<split>/<class>/<file>` tree. */
export function isTreeImage(path: string): boolean {
  return layout.test(path);
}

/**
 * Opens a tree `train/<class>/<name>.jpg`, `test/<class>/<name>.jpg` (PNG too), a folder or an archive of one. Images
 * come in the order of their split, class and name, however they are packed. Throws `UserError` where the archive is
 * cut, a class is unknown or nothing of that layout is found.
 */
export async function openTree(path: string, classes: readonly string[]): Promise<SourceReading> {
  const tree = await openFileTree(path, isTreeImage);
  const files = tree.paths.map((inTree) => {
    const [, part = '', name = '', image = ''] = layout.exec(inTree)!;
    const split = part.toLowerCase();
    const label = classes.indexOf(name);
    if (label < 0) {
      throw new UserError(`"${name}" is not one of the classes of this dataset`, {
        file: path,
        field: inTree,
        remedy: `The folders below train and test must be named: ${classes.join(', ')}.`,
      });
    }
    return { inTree, entry: { split, label, path: `${split}/${name}/${image}` } satisfies SourceEntry };
  });
  if (files.length === 0) {
    throw new UserError('No images of the form train/<class>/<name>.jpg or test/<class>/<name>.jpg are in here', {
      file: path,
      remedy: 'Give the folder or archive that holds train and test.',
    });
  }
  files.sort((a, b) => (a.entry.path < b.entry.path ? -1 : a.entry.path > b.entry.path ? 1 : 0));
  const places = new Map(files.map(({ inTree }, place) => [inTree, place]));
  async function* images(wanted: (entry: number) => boolean): AsyncGenerator<SourceImage> {
    for await (const file of tree.read((inTree) => wanted(places.get(inTree)!))) {
      yield { entry: places.get(file.path)!, encoded: file.content };
    }
  }
  const entries = files.map(({ entry }) => entry);
  return { classes, image: cifarImage, entries, images, warnings: tree.warnings };
}
