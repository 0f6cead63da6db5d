import { createRequire } from 'node:module';

const require = createRequire(new URL('../../packages/data/package.json', import.meta.url));
type Sharp = (input: Buffer, options: object) => SharpImage;
interface SharpImage {
  jpeg(options?: object): SharpImage;
  png(options?: object): SharpImage;
  tiff(options?: object): SharpImage;
  webp(options?: object): SharpImage;
  gif(options?: object): SharpImage;
  avif(options?: object): SharpImage;
  toColourspace(name: string): SharpImage;
  withMetadata(options: object): SharpImage;
  toBuffer(): Promise<Buffer>;
}
const sharp = require('sharp') as Sharp;

const width = 40;
const height = 28;

function picture(channels: 1 | 3): SharpImage {
  const pixels = Buffer.from(Array.from({ length: width * height * channels }, (_, i) => (i * i * 31 + i * 7) % 256));
  return sharp(pixels, { raw: { width, height, channels } });
}

async function all(made: Readonly<Record<string, SharpImage>>): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const [name, image] of Object.entries(made)) files[name] = await image.toBuffer();
  return files;
}

/** JPEGs of the kinds that there are: samplings, progressive, grey, CMYK, restart markers, turned by EXIF. */
export function jpegs(): Promise<Record<string, Buffer>> {
  return all({
    'plain.jpg': picture(3).jpeg({ quality: 80 }),
    'full.jpg': picture(3).jpeg({ chromaSubsampling: '4:4:4' }),
    'progressive.jpg': picture(3).jpeg({ progressive: true }),
    'grey.jpg': picture(1).toColourspace('b-w').jpeg(),
    'cmyk.jpg': picture(3).toColourspace('cmyk').jpeg(),
    'trellis.jpg': picture(3).jpeg({ mozjpeg: true }),
    'turned.jpg': picture(3).withMetadata({ orientation: 6 }).jpeg(),
  });
}

/** A PNG of these pixels, grey or RGB. */
export function pngOf(pixels: Uint8Array, side: number, channels: 1 | 3): Promise<Buffer> {
  const image = sharp(Buffer.from(pixels), { raw: { width: side, height: side, channels } });
  return (channels === 1 ? image.toColourspace('b-w') : image).png().toBuffer();
}

/** PNGs: colour, palette, interlaced, grey, 16 bits. */
export function pngs(): Promise<Record<string, Buffer>> {
  return all({
    'plain.png': picture(3).png(),
    'palette.png': picture(3).png({ palette: true }),
    'interlaced.png': picture(3).png({ progressive: true }),
    'grey.png': picture(1).toColourspace('b-w').png(),
    'deep.png': picture(3).toColourspace('rgb16').png(),
  });
}

/** TIFFs: none, LZW, deflate, JPEG inside, tiles. */
export function tiffs(): Promise<Record<string, Buffer>> {
  return all({
    'none.tif': picture(3).tiff({ compression: 'none' }),
    'lzw.tif': picture(3).tiff({ compression: 'lzw' }),
    'deflate.tif': picture(3).tiff({ compression: 'deflate', predictor: 'horizontal' }),
    'jpeg.tif': picture(3).tiff({ compression: 'jpeg' }),
    'tiles.tif': picture(3).tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }),
    'bits.tif': picture(1).toColourspace('b-w').tiff({ bitdepth: 1 }),
  });
}

/** As `jpegs`, of a format that sharp writes. */
export function others(format: 'webp' | 'gif' | 'avif'): Promise<Record<string, Buffer>> {
  return all({
    plain: picture(3)[format](),
    grey: picture(1).toColourspace('b-w')[format]({ quality: 30, effort: 1 }),
  });
}

/** BMPs of 24, 8 (with a palette) and 32 bits (with masks). */
export function bmps(): Record<string, Buffer> {
  const bmp = (bits: number, headerBytes: number, between: number): Buffer => {
    const rowBytes = Math.ceil((9 * bits) / 32) * 4;
    const pixelsAt = 14 + headerBytes + between;
    const bytes = Buffer.from(Array.from({ length: pixelsAt + rowBytes * 7 }, (_, i) => (i * 37) % 251));
    bytes.fill(0, 0, 14 + headerBytes);
    bytes.write('BM');
    bytes.writeUInt32LE(pixelsAt, 10);
    bytes.writeUInt32LE(headerBytes, 14);
    bytes.writeInt32LE(9, 18);
    bytes.writeInt32LE(bits === 32 ? -7 : 7, 22);
    bytes.writeUInt16LE(bits, 28);
    if (bits === 32) {
      bytes.writeUInt32LE(3, 30);
      [0xff, 0xff00, 0xff0000].forEach((mask, i) => bytes.writeUInt32LE(mask, 54 + 4 * i));
    }
    return bytes;
  };
  return { 'plain.bmp': bmp(24, 40, 0), 'palette.bmp': bmp(8, 40, 1024), 'masks.bmp': bmp(32, 108, 0) };
}

/** PBM, PGM and PPM, plain and binary, one of 16 bits. */
export function netpbms(): Record<string, Buffer> {
  const values = Array.from({ length: 9 * 7 * 3 }, (_, i) => (i * 37) % 251);
  const plain = (kind: number, most: string, all: readonly number[]): Buffer =>
    Buffer.from(`P${kind} 9 7${most}\n${all.join(' ')}\n`);
  const binary = (kind: number, most: string, bytes: number): Buffer =>
    Buffer.concat([Buffer.from(`P${kind}\n9 7${most}\n`), Buffer.from(values).subarray(0, bytes)]);
  return {
    'plain.pbm': plain(
      1,
      '',
      values.slice(0, 63).map((value) => value % 2),
    ),
    'plain.ppm': plain(3, ' 255', values),
    'binary.pbm': binary(4, '', 14),
    'binary.pgm': binary(5, ' 251', 63),
    'deep.pgm': binary(5, ' 65535', 126),
    'binary.ppm': binary(6, ' 255', 189),
  };
}
