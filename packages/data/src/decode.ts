import { type Area, isJpeg, jpegDecode, jpegHeader, jpegView, type Picture, resize } from './native/pictures.ts';

/** Pixels above which a picture is refused: its decoder would take gigabytes. */
const mostJpegPixels = 2 ** 28;
const mostOtherPixels = 2 ** 27;

/** A picture that cannot be used, and why. */
export class DamagedPicture extends Error {}

/** The size of an encoded picture, and how to get at its pixels. */
export interface OpenedPicture {
  readonly height: number;
  readonly width: number;
  /** The bytes, where they are a JPEG that the loader can read. */
  readonly jpeg: Uint8Array | undefined;
  /** All pixels. Throws `DamagedPicture`. */
  pixels(): Picture;
  /** An area, resampled (bilinear, antialiased). Throws `DamagedPicture`. */
  view(area: Area, height: number, width: number): Picture;
}

function reading<A>(read: () => A): A {
  try {
    return read();
  } catch (error) {
    throw new DamagedPicture(`cannot be decoded: ${(error as Error).message.replaceAll(/\s+/g, ' ').trim()}`);
  }
}

function refuseGiant(height: number, width: number, most: number): void {
  if (height * width > most) throw new DamagedPicture(`has ${width} × ${height} pixels, more than ${most} in all`);
}

/** Raw pixels as a picture like any other. */
export function openPixels(picture: Picture): OpenedPicture {
  const { height, width, channels } = picture;
  return {
    height,
    width,
    jpeg: undefined,
    pixels: () => picture,
    view(area, outHeight, outWidth) {
      const pixels = new Uint8Array(outHeight * outWidth * channels);
      resize(picture, area, { height: outHeight, width: outWidth, filter: 'bilinear', target: pixels });
      return { pixels, height: outHeight, width: outWidth, channels };
    },
  };
}

function openJpeg(jpeg: Uint8Array, height: number, width: number, channels: 1 | 3): OpenedPicture {
  refuseGiant(height, width, mostJpegPixels);
  return {
    height,
    width,
    jpeg,
    pixels: () => reading(() => jpegDecode(jpeg, channels)),
    view(area, outHeight, outWidth) {
      const pixels = new Uint8Array(outHeight * outWidth * channels);
      const view = { height: outHeight, width: outWidth, filter: 'bilinear' as const, target: pixels };
      reading(() => jpegView(jpeg, channels, area, view));
      return { pixels, height: outHeight, width: outWidth, channels };
    },
  };
}

async function decodeWithSharp(encoded: Uint8Array, channels: 1 | 3): Promise<Picture> {
  const { default: sharp } = await import('sharp'); // only where it is needed: it takes its time to load
  sharp.concurrency(1); // images are many: one thread each, many at once
  sharp.cache(false);
  try {
    const image = sharp(encoded, { failOn: 'warning', limitInputPixels: mostOtherPixels, pages: 1 });
    const { data, info } = await image
      .removeAlpha()
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) throw new DamagedPicture(`has ${info.channels} channels instead of ${channels}`);
    return { pixels: data, height: info.height, width: info.width, channels };
  } catch (error) {
    if (error instanceof DamagedPicture) throw error;
    throw new DamagedPicture(`cannot be decoded: ${(error as Error).message.replaceAll(/\s+/g, ' ').trim()}`);
  }
}

/** Whether bytes are XML or gzip: sharp would render SVG, which is a program for drawing rather than a picture. */
function isDrawing(encoded: Uint8Array): boolean {
  if (encoded[0] === 0x1f && encoded[1] === 0x8b) return true;
  const start = Buffer.from(encoded.subarray(0, 1024)).toString('utf8');
  return /^[\uFEFF\s]*</.test(start);
}

/**
 * Opens an encoded picture: JPEGs through libjpeg-turbo, everything else that sharp reads (and CMYK JPEGs) through
 * sharp, in 1 (luminance) or 3 (sRGB) channels of 8 bits. An alpha channel is dropped, of an animation the first frame
 * is taken, EXIF orientation is not applied (as torchvision). A picture that is cut off, damaged or of absurd size
 * throws `DamagedPicture`, if not at once then when its pixels are asked for; it is never filled up.
 */
export async function openPicture(encoded: Uint8Array, channels: 1 | 3): Promise<OpenedPicture> {
  if (encoded.length === 0) throw new DamagedPicture('the file is empty');
  if (isJpeg(encoded)) {
    const { height, width, plain } = reading(() => jpegHeader(encoded));
    if (plain) return openJpeg(encoded, height, width, channels);
  }
  if (isDrawing(encoded)) throw new DamagedPicture('is text or a drawing, not a picture of pixels');
  return openPixels(await decodeWithSharp(encoded, channels));
}
