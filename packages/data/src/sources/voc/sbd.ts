import { readMatFile, type MatStruct } from '../../formats/mat-file.ts';
import type { SourceMask } from '../../source.ts';

/**
 * A mask of the Berkeley boundaries (SBD: Hariharan et al., ICCV 2011) as released: a MATLAB file with `GTcls.Segmentation`,
 * class indices without void. Throws `Error` where it is something else, has another size than its image, or an index that is
 * of no class.
 *
 * @param classes how many there are, the background among them
 */
export function readSbdMask(
  content: Buffer,
  image: { readonly height: number; readonly width: number } | undefined,
  classes: number,
): SourceMask {
  const { GTcls } = readMatFile(content);
  const [truth] = (Array.isArray(GTcls) ? GTcls : []) as readonly MatStruct[];
  const columns = truth?.['Segmentation'];
  if (!Array.isArray(columns)) throw new Error('holds no GTcls.Segmentation');
  if (image === undefined) throw new Error('is a MATLAB file, and the size of its image is not known');
  const { height, width } = image;
  if (columns.length !== height * width) {
    throw new Error(`has ${columns.length} pixels, the image ${height} × ${width}`);
  }
  // MATLAB counts down columns.
  const indices = Uint8Array.from(columns, (_, i) => columns[(i % width) * height + Math.floor(i / width)] as number);
  const odd = indices.find((index) => index >= classes);
  if (odd !== undefined) throw new Error(`holds the index ${odd}, which is no class`);
  return { classes: indices, height, width };
}
