import { readdir, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { UserError } from '@selfsup/engine/errors';

/** Endings of the picture formats that are read. */
export const imageEndings = ['.avif', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'];

export interface FoundImages {
  /** Paths inside the folder with `/` between their parts, sorted by code unit: the same order on every machine. */
  readonly images: readonly string[];
  /** Number of files that end like no picture. */
  readonly others: number;
}

/** All pictures below a folder. Throws `UserError` where it is missing or holds none. */
export async function findImages(folder: string): Promise<FoundImages> {
  const kind = await stat(folder).catch(() => undefined);
  if (!kind?.isDirectory()) {
    throw new UserError(kind === undefined ? 'There is no such folder' : 'This is no folder', {
      file: folder,
      remedy: 'Name the folder that holds the pictures.',
    });
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  const images = files.filter((file) => imageEndings.includes(extname(file).toLowerCase())).sort();
  if (images.length === 0) {
    throw new UserError(`No pictures among the ${files.length} files of this folder`, {
      file: folder,
      remedy: `Pictures are files that end in ${imageEndings.join(', ')}.`,
    });
  }
  return { images, others: files.length - images.length };
}
