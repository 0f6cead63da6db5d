import { stat } from 'node:fs/promises';
import { openFileTree, pictureEndings, pictureFiles } from '@selfsup/data/loose-images';
import { passedOver, passedOverText, type PassedOver } from '@selfsup/data/wording';
import { UserError } from '@selfsup/kit/errors';

export interface FoundImages {
  /** Paths inside the folder with `/` between their parts, sorted by code unit: the same order on every machine. */
  readonly images: readonly string[];
  readonly passedOver: readonly PassedOver[];
}

/**
 * All pictures below a folder, by the rules of ingestion: links are followed, hidden and system files are passed over. Throws
 * `UserError` where it is missing, cannot be read or holds none.
 */
export async function findImages(folder: string): Promise<FoundImages> {
  const kind = await stat(folder).catch(() => undefined);
  if (!kind?.isDirectory()) {
    throw new UserError(kind === undefined ? 'There is no such folder' : 'This is no folder', {
      file: folder,
      remedy: 'Name the folder that holds the pictures.',
    });
  }
  const tree = await openFileTree(folder, pictureFiles);
  const others = passedOver(tree.passedOver);
  if (tree.paths.length === 0) {
    throw new UserError(['No pictures in this folder', ...others.map((one) => `  ${passedOverText(one)}`)].join('\n'), {
      file: folder,
      remedy: `Pictures are files that end in ${pictureEndings.join(', ')}, or begin as such do.`,
    });
  }
  return { images: tree.paths, passedOver: others };
}
