import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '@selfsup/kit/errors';
import { buildAddon } from '../../native/build-addon.ts';

const require = createRequire(import.meta.url);
const sources = [
  new URL('./pictures.cc', import.meta.url),
  new URL('./affine.h', import.meta.url),
  new URL('./colour.h', import.meta.url),
  new URL('./jpeg.h', import.meta.url),
  new URL('./resample.h', import.meta.url),
  new URL('./turbojpeg.h', import.meta.url),
  new URL('../../native/arguments.h', import.meta.url),
];

interface Addon {
  jpegHeader(jpeg: Uint8Array): number[];
  jpegView(jpeg: Uint8Array, ...more: (number | Uint8Array)[]): void;
  jpegDecode(jpeg: Uint8Array, channels: number, shrink: number, out: Uint8Array): void;
  jpegEncode(pixels: Uint8Array, width: number, height: number, channels: number, quality: number): Buffer;
  resize(pixels: Uint8Array, ...more: (number | Uint8Array)[]): void;
  affine(pixels: Uint8Array, ...more: (number | Uint8Array)[]): void;
  adjust(pixels: Uint8Array, offset: number, count: number, what: number, amount: number): void;
  padCrop(images: Uint8Array, ...more: (number | Uint8Array)[]): void;
  sums(pixels: Uint8Array, channels: number): number[];
}

let loaded: Addon | undefined;

/** Loads the addon at the first call: who only reads raw pixels needs no compiler. */
function addon(): Addon {
  const build = () => buildAddon({ name: 'pictures', what: 'the picture code', sources, library: turboJpeg() });
  return (loaded ??= require(build()) as Addon);
}

/** Where npm has put libjpeg-turbo for this machine. Throws `UserError` where there is none for it. */
function turboJpeg(): string {
  const root = dirname(require.resolve('@julusian/jpeg-turbo/package.json'));
  const library = join(root, 'prebuilds', `jpeg-turbo-${process.platform}-${process.arch}`, 'libturbojpeg.so.0');
  if (existsSync(library)) return library;
  throw new UserError(`There is no libjpeg-turbo for ${process.platform} on ${process.arch}`, {
    file: library,
    remedy: 'Use Linux on x64 or arm64, or run npm ci again where the file was removed.',
  });
}

/** Raw pixels [height, width, channels], 0..255. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A rectangle in a picture; its edges may lie between pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** `bilinear` and `bicubic` (a = -0.5), both widened when scaling down (antialiased), as in Pillow. */
type Filter = 'bilinear' | 'bicubic';
const filterNumber = { bilinear: 0, bicubic: 1 } as const;

/** How and where a resampled view is written. */
export interface View {
  readonly height: number;
  readonly width: number;
  readonly filter: Filter;
  /** Mirror left-right. */
  readonly flip?: boolean;
  /** Takes height * width * channels bytes from `offset` on. May lie in shared memory. */
  readonly target: Uint8Array;
  readonly offset?: number;
}

/** What the header of a JPEG says. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** Whether `jpegView` and `jpegDecode` read it: grey, YCbCr or RGB with 8 bits a sample. */
  readonly plain: boolean;
}

const jpegColourspaces = { rgb: 0, ycc: 1, grey: 2 };

/** Whether bytes begin as a JPEG does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes.length > 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** Reads the header of a JPEG. Throws `Error` with libjpeg-turbo's words where it has none. */
export function jpegHeader(jpeg: Uint8Array): JpegHeader {
  const [width = 0, height = 0, colourspace = -1, precision, lossless] = addon().jpegHeader(jpeg);
  const known = Object.values(jpegColourspaces).includes(colourspace);
  return { width, height, plain: known && precision === 8 && lossless !== 1 };
}

/**
 * An area of a JPEG resampled to `view.height` × `view.width`, written to `view.target`. Only the blocks that the area
 * needs are turned into pixels, at the smallest scale of 1, 1/2, 1/4, 1/8 that is no smaller than the view; pixels
 * outside the area are not looked at. Throws `Error` for a JPEG that is cut off or damaged.
 *
 * @param channels 3 for RGB, 1 for luminance
 */
export function jpegView(jpeg: Uint8Array, channels: 1 | 3, area: Area, view: View): void {
  addon().jpegView(
    jpeg,
    ...[area.left, area.top, area.right, area.bottom, filterNumber[view.filter], view.flip === true ? 1 : 0],
    ...[channels, view.width, view.height, view.target, view.offset ?? 0],
  );
}

/**
 * The whole of a plain JPEG at 1/`shrink` of its size (rounded up), [height, width, channels]. Throws `Error` where it
 * is cut off or damaged.
 */
export function jpegDecode(jpeg: Uint8Array, channels: 1 | 3, shrink: 1 | 2 | 4 | 8 = 1): Picture {
  const header = jpegHeader(jpeg);
  const height = Math.ceil(header.height / shrink);
  const width = Math.ceil(header.width / shrink);
  const pixels = new Uint8Array(height * width * channels);
  addon().jpegDecode(jpeg, channels, shrink, pixels);
  return { pixels, height, width, channels };
}

/** A JPEG of a picture of 1 or 3 channels, chroma at half size, `quality` 1..100. */
export function jpegEncode(picture: Picture, quality: number): Buffer {
  return addon().jpegEncode(picture.pixels, picture.width, picture.height, picture.channels, quality);
}

/**
 * An area of raw pixels (1 or 3 channels) resampled, as `Image.crop(area).resize` does in Pillow for areas of whole
 * pixels. Throws `Error` where the area is empty or outside.
 */
export function resize(picture: Picture, area: Area, view: View): void {
  addon().resize(
    picture.pixels,
    ...[picture.width, picture.height, picture.channels, area.left, area.top, area.right, area.bottom],
    ...[filterNumber[view.filter], view.flip === true ? 1 : 0, view.width, view.height, view.target, view.offset ?? 0],
  );
}

/**
 * Maps a picture of 3 channels: pixel (x, y) of the result shows the input at (a x + b y + c, d x + e y + f), coordinates being those
 * of pixel centres (0.5, 1.5, …), bilinear, `fill` where that lies outside. As Pillow's `Image.transform(AFFINE)`.
 */
export function affine(
  picture: Picture,
  map: readonly [number, number, number, number, number, number],
  size: { readonly height: number; readonly width: number; readonly fill?: number },
): Picture {
  const { height, width, fill = 0 } = size;
  const { channels } = picture;
  const pixels = new Uint8Array(height * width * channels);
  addon().affine(picture.pixels, picture.width, picture.height, channels, ...map, fill, width, height, pixels);
  return { pixels, height, width, channels };
}

const adjustments = { brightness: 0, contrast: 1, saturation: 2, hue: 3, grey: 4 } as const;
export type Adjustment = keyof typeof adjustments;

/**
 * Changes the colours of `count` RGB pixels in place, from byte `offset` on. Brightness, contrast and saturation: 0
 * takes all of it, 1 leaves it, as in Pillow's ImageEnhance; hue: turns of the colour circle in [-0.5, 0.5]; grey
 * (ITU-R 601 luma in all channels) takes no amount.
 */
export function adjust(pixels: Uint8Array, offset: number, count: number, what: Adjustment, amount = 1): void {
  addon().adjust(pixels, offset, count, adjustments[what], amount);
}

/**
 * Cuts each image of a batch [batch, height, width, channels] out of itself with `pad` black pixels around, into
 * `target`, which must not overlap.
 *
 * @param draws per image the top and left of the cut in the padded image (0..2 pad), and 1 to mirror it: [3 * batch]
 */
export function padCrop(
  images: Uint8Array,
  size: Omit<Picture, 'pixels'>,
  pad: number,
  draws: Uint8Array,
  target: Uint8Array,
): void {
  addon().padCrop(images, draws.length / 3, size.height, size.width, size.channels, pad, draws, target);
}

/** Exact sums over all pixels of each channel, then those of the squares: [2 * channels]. */
export function channelSums(pixels: Uint8Array, channels: number): number[] {
  return addon().sums(pixels, channels);
}
