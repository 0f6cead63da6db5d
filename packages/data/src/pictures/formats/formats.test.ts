import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { smoothPixels } from '../../testing/archives.ts';
import { openPicture } from '../decode.ts';
import { jpegEncode } from '../native/pictures.ts';
import { exifOrientation } from './exif.ts';
import { headBytes, startsAsPicture } from './signature.ts';
import { turned } from './turn.ts';

interface Known {
  readonly height: number;
  readonly width: number;
  readonly pixels: readonly number[];
}

/** What Pillow reads, by bench/oracles/pillow_formats.py. */
const pillow = JSON.parse(await readFile(join(import.meta.dirname, 'pillow.fixture.json'), 'utf8')) as {
  files: Record<string, Known & { content: string }>;
  stored: number[];
  orientations: Record<string, Known & { png: string }>;
};
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');

describe('BMP, PBM, PGM and PPM', () => {
  it.each(Object.entries(pillow.files))(
    'reads %s as Pillow does',
    async (_name, { content, height, width, pixels }) => {
      const picture = (await openPicture(bytesOf(content), 3)).pixels();
      expect([picture.height, picture.width, picture.channels]).toEqual([height, width, 3]);
      // Pillow cuts off where 16 bits become 8, we round.
      pixels.forEach((value, i) => expect(Math.abs(picture.pixels[i]! - value)).toBeLessThanOrEqual(1));
      if (!/sixteen/.test(_name)) expect([...picture.pixels]).toEqual(pixels);
    },
  );

  it('reads them as luminance, and views of them', async () => {
    const { content, pixels } = pillow.files['24.bmp']!;
    const grey = (await openPicture(bytesOf(content), 1)).pixels();
    const luma = 0.299 * pixels[0]! + 0.587 * pixels[1]! + 0.114 * pixels[2]!;
    expect([grey.channels, grey.pixels[0]]).toEqual([1, Math.round(luma)]);
    const opened = await openPicture(bytesOf(pillow.files['grey.pgm']!.content), 3);
    const view = opened.view({ left: 0, top: 0, right: 1, bottom: 1 }, 1, 1);
    expect([...view.pixels]).toEqual(pillow.files['grey.pgm']!.pixels.slice(0, 3));
  });

  it('refuses what is cut off, of another form or absurdly large', async () => {
    for (const [name, { content }] of Object.entries(pillow.files)) {
      const whole = bytesOf(content);
      // Text of numbers may end without the last line break, and with a shorter last number.
      const cut = whole.subarray(0, whole.length - (name.startsWith('plain') ? 4 : 1));
      await expect(openPicture(cut, 3), name).rejects.toThrow(/cut off/);
    }
    const packed = bytesOf(pillow.files['grey.bmp']!.content);
    packed[30] = 1;
    await expect(openPicture(packed, 3)).rejects.toThrow(/BMP of compression 1 is not read/);
    await expect(openPicture(Buffer.from('P5 99999 99999 255\n'), 3)).rejects.toThrow(
      /99999 × 99999 pixels, more than/,
    );
    await expect(openPicture(Buffer.from('P5 a 3 255\n'), 3)).rejects.toThrow(/no number where one belongs/);
  });

  it('refuses what promises more than it holds before it takes memory for it', async () => {
    const bmp = bytesOf(pillow.files['24.bmp']!.content);
    await expect(openPicture(bmp.subarray(0, 40), 3)).rejects.toThrow(/the BMP is cut off/);
    const without = Buffer.from(bmp);
    without.writeUInt16LE(0, 28); // no bits a pixel: rows of no bytes
    without.writeUInt32LE(11_000, 18);
    without.writeUInt32LE(11_000, 22);
    await expect(openPicture(without, 3)).rejects.toThrow(/BMP of 0 bits a pixel is not read/);
    const before = process.memoryUsage().arrayBuffers;
    await expect(openPicture(Buffer.from('P3 11000 11000 255 1 2 3'), 3)).rejects.toThrow(/cut off/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });

  it('tells pictures from other files by their first bytes', async () => {
    const picture = sharp({ create: { width: 9, height: 9, channels: 3, background: 'teal' } });
    const others = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const;
    const made = await Promise.all(others.map((format) => picture.clone().toFormat(format).toBuffer()));
    const known = [...made, ...Object.values(pillow.files).map(({ content }) => bytesOf(content))];
    for (const one of known) expect(startsAsPicture(one.subarray(0, headBytes))).toBe(true);
    for (const text of [
      '',
      'BM',
      'BMW is a maker of cars, whose text is long enough',
      'P6',
      'Path,class',
      '{"a": 1}',
      '<svg>',
    ]) {
      expect([text, startsAsPicture(Buffer.from(text).subarray(0, headBytes))]).toEqual([text, false]);
    }
  });
});

describe('EXIF orientation', () => {
  const stored = { pixels: Uint8Array.from(pillow.stored), height: 5, width: 7, channels: 3 };

  it.each(Object.entries(pillow.orientations))('turns orientation %s as Pillow does', async (name, known) => {
    const { png, height, width, pixels } = known;
    expect(turned(stored, Number(name))).toEqual({ height, width, channels: 3, pixels: Uint8Array.from(pixels) });
    const opened = await openPicture(bytesOf(png), 3);
    expect([opened.turned, opened.height, opened.width]).toEqual([name !== '1', height, width]);
    expect([...opened.pixels().pixels]).toEqual(pixels);
    const asStored = await openPicture(bytesOf(png), 3, { upright: false });
    expect([asStored.turned, ...asStored.pixels().pixels]).toEqual([false, ...stored.pixels]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'a view of a JPEG of orientation %d is that of the turned picture',
    async (orientation) => {
      const plain = jpegEncode({ pixels: smoothPixels(5, 48, 3), height: 48, width: 48, channels: 3 }, 95);
      const jpeg = await sharp(plain).withMetadata({ orientation }).jpeg().toBuffer();
      const marked = await sharp(jpeg).metadata();
      expect([marked.orientation ?? 1, exifOrientation(jpeg)]).toEqual([orientation, orientation]);
      const opened = await openPicture(jpeg, 3);
      expect([opened.turned, opened.jpeg === undefined]).toEqual([orientation > 1, orientation > 1]);
      const [left, top, size] = [5, 11, 16];
      const { pixels } = opened.pixels();
      const view = opened.view({ left, top, right: left + size, bottom: top + size }, size, size);
      const cut = (i: number): number => {
        const [y, x] = [Math.floor(i / 3 / size), Math.floor(i / 3) % size];
        return pixels[((top + y) * 48 + left + x) * 3 + (i % 3)]!;
      };
      view.pixels.forEach((value, i) => expect(Math.abs(value - cut(i))).toBeLessThanOrEqual(1));
    },
  );

  it('takes spoilt EXIF for none', async () => {
    const jpeg = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'teal' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(exifOrientation(jpeg)).toBe(6);
    const at = jpeg.indexOf('Exif');
    for (let cut = at; cut < at + 40; cut++) expect([1, 6]).toContain(exifOrientation(jpeg.subarray(0, cut)));
    const other = Buffer.from(jpeg);
    other.fill(0xff, at + 6, at + 30);
    expect(exifOrientation(other)).toBe(1);
  });
});
