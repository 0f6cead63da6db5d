import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { covering, DamagedPicture, inChannels, openPicture, refuseHuge, unreadable } from '@selfsup/data/loose-images';
import { UserError } from '@selfsup/kit/errors';
import type { ImageShape } from '@selfsup/models/network';

/** Pixels `[height, width, channels]` of 0..255, or why the picture has none. */
export type ReadImage = { readonly pixels: Uint8Array; readonly turned: boolean } | { readonly damaged: string };

/**
 * Reads a picture as an encoder's input, as ingestion into raw images reads it: turned upright by its EXIF orientation,
 * scaled (bilinear, antialiased) so that it just covers the input's size and cropped there around its centre, in sRGB for
 * three channels, luminance for one; but transparency is laid over white. A picture that has the input's size already keeps
 * its pixels. One that cannot be read, is cut off or otherwise damaged is reported, never filled up.
 */
export async function readImage(file: string, { height, width, channels }: ImageShape): Promise<ReadImage> {
  try {
    const encoded = await contentOf(file);
    const opened = await openPicture(encoded, channels === 1 ? 1 : 3, { transparency: 'white' });
    const { pixels } = inChannels(covering(opened, height, width), channels === 1 ? 1 : 3);
    return { pixels, turned: opened.turned };
  } catch (error) {
    if (error instanceof DamagedPicture || error instanceof UserError) return { damaged: error.message };
    throw error;
  }
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    refuseHuge(dirname(file), 'it', (await stat(file)).size);
    return await readFile(file);
  } catch (cause) {
    throw cause instanceof UserError ? cause : unreadable(file, 'it', cause);
  }
}
