import { inChannels } from '../loading/in-channels.ts';
import { bmpSize, decodeBmp, isBmp } from './formats/bmp.ts';
import { exifOrientation } from './formats/exif.ts';
import { decodeNetpbm, isNetpbm, netpbmSize } from './formats/netpbm.ts';
import { exchangesSides, storedArea, turned } from './formats/turn.ts';
import { isJpeg, jpegDecode, jpegHeader, jpegView, resize, type Area, type Picture } from './native/pictures.ts';

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
  /** Whether it was turned or mirrored as its EXIF orientation says. */
  readonly turned: boolean;
  /** All pixels. Throws `DamagedPicture`. */
  pixels(): Picture;
  /** An area, resampled (bilinear, antialiased). Throws `DamagedPicture`. */
  view(area: Area, height: number, width: number): Picture;
}

/** The words of a decoder, on one line; that of AVIF says first, in up to hundreds of lines, where it looked. */
function undecodable(error: unknown): DamagedPicture {
  const words = (error as Error).message
    .replaceAll(/source: bad seek to \d+/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return new DamagedPicture(`cannot be decoded: ${words.length > 300 ? `${words.slice(0, 300)}…` : words}`);
}

function reading<A>(read: () => A): A {
  try {
    return read();
  } catch (error) {
    throw undecodable(error);
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
    turned: false,
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
    turned: false,
    pixels: () => reading(() => jpegDecode(jpeg, channels)),
    view(area, outHeight, outWidth) {
      const pixels = new Uint8Array(outHeight * outWidth * channels);
      const view = { height: outHeight, width: outWidth, filter: 'bilinear' as const, target: pixels };
      reading(() => jpegView(jpeg, channels, area, view));
      return { pixels, height: outHeight, width: outWidth, channels };
    },
  };
}

/** The same picture upright: it is read as it is stored, and what was read is turned. */
function upright(opened: OpenedPicture, orientation: number): OpenedPicture {
  if (orientation === 1) return opened;
  const { height, width } = opened;
  const swap = exchangesSides(orientation);
  return {
    height: swap ? width : height,
    width: swap ? height : width,
    jpeg: undefined,
    turned: true,
    pixels: () => turned(opened.pixels(), orientation),
    view(area, outHeight, outWidth) {
      const size = swap ? ([outWidth, outHeight] as const) : ([outHeight, outWidth] as const);
      return turned(opened.view(storedArea(area, height, width, orientation), ...size), orientation);
    },
  };
}

/** A picture in one of the formats that are read here, for sharp does not read them; nothing for others. */
function openSimple(encoded: Uint8Array, channels: 1 | 3): OpenedPicture | undefined {
  const format = isBmp(encoded)
    ? { size: bmpSize, decode: decodeBmp }
    : isNetpbm(encoded)
      ? { size: netpbmSize, decode: decodeNetpbm }
      : undefined;
  if (format === undefined) return undefined;
  const { height, width } = reading(() => format.size(encoded));
  refuseGiant(height, width, mostOtherPixels);
  return openPixels(
    inChannels(
      reading(() => format.decode(encoded)),
      channels,
    ),
  );
}

async function decodeWithSharp(encoded: Uint8Array, channels: 1 | 3, options: OpenOptions): Promise<OpenedPicture> {
  const { default: sharp } = await import('sharp'); // only where it is needed: it takes its time to load
  sharp.concurrency(1); // images are many: one thread each, many at once
  sharp.cache(false);
  try {
    const image = sharp(encoded, { failOn: 'warning', limitInputPixels: mostOtherPixels, pages: 1 });
    const { orientation = 1 } = options.upright ? await image.metadata() : {};
    const opaque = options.transparency === 'white' ? image.flatten({ background: 'white' }) : image.removeAlpha();
    const { data, info } = await opaque
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) throw new DamagedPicture(`has ${info.channels} channels instead of ${channels}`);
    return upright(openPixels({ pixels: data, height: info.height, width: info.width, channels }), orientation);
  } catch (error) {
    if (error instanceof DamagedPicture) throw error;
    throw undecodable(error);
  }
}

/** Whether bytes are XML or gzip: sharp would render SVG, which is a program for drawing rather than a picture. */
function isDrawing(encoded: Uint8Array): boolean {
  if (encoded[0] === 0x1f && encoded[1] === 0x8b) return true;
  const start = Buffer.from(encoded.subarray(0, 1024)).toString('utf8');
  return /^[\uFEFF\s]*</.test(start);
}

export interface OpenOptions {
  /** Whether it is turned and mirrored as its EXIF orientation says; not where boxes or a mask are of the stored pixels. */
  readonly upright: boolean;
  /** Whether an alpha channel is dropped or the picture laid over white. */
  readonly transparency: 'dropped' | 'white';
}

/**
 * Opens an encoded picture: JPEGs through libjpeg-turbo, BMP, PBM, PGM and PPM by code of our own, everything else that sharp
 * reads (and CMYK JPEGs) through sharp, in 1 (luminance) or 3 (sRGB) channels of 8 bits. Of an animation the first frame is
 * taken. A picture that is cut off, damaged or of absurd size throws `DamagedPicture`, if not at once then when its pixels are
 * asked for; it is never filled up.
 */
export async function openPicture(
  encoded: Uint8Array,
  channels: 1 | 3,
  { upright: isUpright = true, transparency = 'dropped' }: Partial<OpenOptions> = {},
): Promise<OpenedPicture> {
  if (encoded.length === 0) throw new DamagedPicture('the file is empty');
  if (isJpeg(encoded)) {
    const { height, width, plain } = reading(() => jpegHeader(encoded));
    if (plain) return upright(openJpeg(encoded, height, width, channels), isUpright ? exifOrientation(encoded) : 1);
  }
  const simple = openSimple(encoded, channels);
  if (simple !== undefined) return simple;
  if (isDrawing(encoded)) throw new DamagedPicture('is text or a drawing, not a picture of pixels');
  return decodeWithSharp(encoded, channels, { upright: isUpright, transparency });
}
