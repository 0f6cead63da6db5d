import type { FileTree } from '../../files/file-tree.ts';
import { jpegSize } from '../../pictures/jpeg-size.ts';
import type { SourceImage } from '../../source.ts';
import { readVocMask } from './mask.ts';
import { readSbdMask } from './sbd.ts';

/** Where an image and its mask lie. */
export interface VocImage {
  readonly tree: FileTree;
  /** Paths in the tree. */
  readonly image: string;
  readonly mask: string | undefined;
  /** As its annotation says, where it does. */
  readonly size: { readonly height: number; readonly width: number } | undefined;
  /** Why it cannot be used, where that is known. */
  readonly damaged: string | undefined;
}

/**
 * Hands out the images that are wanted, with their masks. In archives masks often lie behind all images: they are read first
 * and kept as they are packed, a few kilobytes each, so that no image has to wait for its mask.
 */
export async function* vocImages(
  all: readonly VocImage[],
  classes: number,
  wanted: (entry: number) => boolean,
): AsyncGenerator<SourceImage> {
  for (const tree of new Set(all.map((one) => one.tree))) {
    const images = new Map<string, number>();
    const masks = new Map<string, number>();
    for (const [entry, { tree: own, image, mask, damaged }] of all.entries()) {
      if (own !== tree || !wanted(entry)) continue;
      if (damaged !== undefined) {
        yield { entry, damaged };
        continue;
      }
      images.set(image, entry);
      if (mask !== undefined) masks.set(mask, entry);
    }
    const packed = new Map<number, Buffer>();
    for await (const { path, content } of tree.read((one) => masks.has(one))) packed.set(masks.get(path)!, content);
    for await (const { path, content } of tree.read((one) => images.has(one))) {
      const entry = images.get(path)!;
      const mask = packed.get(entry);
      packed.delete(entry);
      yield mask === undefined ? { entry, encoded: content } : withMask(entry, content, mask, all[entry]!, classes);
    }
  }
}

function withMask(
  entry: number,
  encoded: Buffer,
  mask: Buffer,
  { mask: path, size }: VocImage,
  classes: number,
): SourceImage {
  try {
    const read = path!.endsWith('.mat') ? readSbdMask : readVocMask;
    return { entry, encoded, mask: read(mask, jpegSize(encoded) ?? size, classes) };
  } catch (error) {
    return { entry, damaged: `its mask ${(error as Error).message}` };
  }
}
