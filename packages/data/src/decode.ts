import sharp from 'sharp';
import type { SourceImage } from './source.ts';

sharp.concurrency(1); // images are small and many: one thread each, many at once
sharp.cache(false);

/** The raw pixels of an image [height, width, channels], 0..255, or the reason why it has none. */
export type Decoded =
  | { readonly pixels: Uint8Array; readonly height: number; readonly width: number; readonly channels: number }
  | { readonly damaged: string };

/**
 * Decodes an image of a source to `channels` channels (1: luminance, 3: sRGB; an alpha channel is dropped). A
 * picture that is cut off or otherwise damaged is reported, never filled up.
 */
export async function decodeImage(image: SourceImage, channels: number): Promise<Decoded> {
  if ('damaged' in image) return { damaged: image.damaged };
  if ('pixels' in image) return image;
  if (image.encoded.length === 0) return { damaged: 'the file is empty' };
  try {
    const { data, info } = await sharp(image.encoded, { failOn: 'warning', limitInputPixels: 2 ** 28 })
      .removeAlpha()
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) return { damaged: `has ${info.channels} channels instead of ${channels}` };
    return { pixels: data, height: info.height, width: info.width, channels };
  } catch (error) {
    return { damaged: `cannot be decoded: ${(error as Error).message.replaceAll(/\s+/g, ' ').trim()}` };
  }
}
