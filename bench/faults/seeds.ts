import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';
import { zipOfMembers } from '@selfsup/data/testing/archives';

const require = createRequire(new URL('../../packages/data/package.json', import.meta.url));
type Sharp = (input: Buffer, options: object) => SharpImage;
interface SharpImage {
  jpeg(options?: object): SharpImage;
  png(options?: object): SharpImage;
  tiff(options?: object): SharpImage;
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

/** A zip with one stored and one deflated member. */
export function zip(files: Readonly<Record<string, Buffer>>): Buffer {
  return zipOfMembers(Object.entries(files).map(([name, content], i) => ({ name, content, isDeflated: i % 2 === 1 })));
}

/** A MAT file of level 5 with a matrix, a text and a compressed matrix. */
export function mat(): Buffer {
  const element = (type: number, data: Buffer): Buffer => {
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(type, 0);
    tag.writeUInt32LE(data.length, 4);
    return Buffer.concat([tag, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
  };
  const matrix = (name: string, kind: number, type: number, data: Buffer, length: number): Buffer => {
    const flags = Buffer.alloc(8);
    flags.writeUInt32LE(kind, 0);
    const shape = Buffer.alloc(8);
    shape.writeInt32LE(1, 0);
    shape.writeInt32LE(length, 4);
    return element(
      14,
      Buffer.concat([element(6, flags), element(5, shape), element(1, Buffer.from(name)), element(type, data)]),
    );
  };
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const numbers = matrix('numbers', 6, 9, Buffer.from(new Float64Array([1, 2, 3]).buffer), 3);
  const packed = deflateSync(numbers);
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(15, 0);
  tag.writeUInt32LE(packed.length, 4);
  return Buffer.concat([header, matrix('text', 4, 16, Buffer.from('words'), 5), numbers, tag, packed]);
}
