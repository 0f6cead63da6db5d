import sharp from 'sharp';
import type { ImageShape } from '@selfsup/models/network';

/** Pixels `[height, width, channels]` of 0..255, or why the picture has none. */
export type ReadImage = { readonly pixels: Uint8Array } | { readonly damaged: string };

/**
 * Reads a picture as an encoder's input: turned upright by its EXIF orientation, transparency laid over white, scaled
 * by Lanczos so that it just covers the input's size and cropped there around its centre; to sRGB for three channels, to
 * luminance for one. A picture that has the input's size already keeps its pixels. Of several pages or frames the first
 * is taken. One that is cut off or otherwise damaged is reported, never filled up.
 */
export async function readImage(file: string, { height, width, channels }: ImageShape): Promise<ReadImage> {
  try {
    const { data, info } = await sharp(file, { failOn: 'warning', limitInputPixels: 2 ** 28 })
      .autoOrient()
      .flatten({ background: 'white' })
      .resize(width, height, { fit: 'cover', position: 'centre', kernel: 'lanczos3' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels === channels) return { pixels: data };
    return { damaged: `it has ${info.channels} channels after conversion, not ${channels}` };
  } catch (error) {
    return { damaged: (error as Error).message.replaceAll(/\s+/g, ' ').trim() };
  }
}
