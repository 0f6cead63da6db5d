import { createRequire } from 'node:module';

const require = createRequire(new URL('../../packages/data/package.json', import.meta.url));
type Sharp = (input: Buffer, options: object) => SharpImage;
interface SharpImage {
  jpeg(options?: object): SharpImage;
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
