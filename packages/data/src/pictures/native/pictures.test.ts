import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  adjust,
  affine,
  channelSums,
  isJpeg,
  jpegDecode,
  jpegEncode,
  jpegHeader,
  jpegView,
  resize,
  type Adjustment,
  type Picture,
} from './pictures.ts';

// Written by bench/oracles/pillow_pictures.py.
const pillow = JSON.parse(await readFile(join(import.meta.dirname, 'pillow.fixture.json'), 'utf8')) as Record<
  string,
  number[]
>;

/** The picture that the script makes. */
function pattern(height = 37, width = 53): Picture {
  const pixels = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      pixels.set(
        [x * 7 + y * 3, x * x + 5 * y, (x ^ y) * 9].map((value) => value & 255),
        (y * width + x) * 3,
      );
    }
  }
  return { pixels, height, width, channels: 3 };
}

/** Smooth, so that JPEG keeps it well. */
function waves(height: number, width: number): Picture {
  const wave = (x: number, y: number, c: number): number => 128 + 100 * Math.sin(x / (19 + c) + y / (31 - c) + c);
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const place = Math.floor(i / 3);
    return wave(place % width, Math.floor(place / width), i % 3);
  });
  return { pixels, height, width, channels: 3 };
}

function resized(picture: Picture, area: number[], filter: 'bilinear' | 'bicubic', flip = false): Uint8Array {
  const target = new Uint8Array(16 * 12 * picture.channels);
  const [left = 0, top = 0, right = 0, bottom = 0] = area;
  resize(picture, { left, top, right, bottom }, { height: 12, width: 16, filter, flip, target });
  return target;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}

describe('resize', () => {
  it('gives the bytes of Pillow', () => {
    expect(largestDifference(resized(pattern(), [5, 4, 45, 33], 'bilinear'), pillow['bilinear']!)).toBe(0);
    expect(largestDifference(resized(pattern(), [5, 4, 45, 33], 'bicubic'), pillow['bicubic']!)).toBe(0);
    expect(largestDifference(resized(pattern(), [10, 10, 18, 16], 'bicubic'), pillow['bicubicUp']!)).toBe(0);
  });

  it('does so for grey pictures', () => {
    const { pixels, height, width } = pattern();
    const grey = pixels.slice();
    adjust(grey, 0, height * width, 'grey');
    const one = { pixels: grey.filter((_, i) => i % 3 === 0), height, width, channels: 1 };
    expect(largestDifference(resized(one, [5, 4, 45, 33], 'bilinear'), pillow['grayBilinear']!)).toBe(0);
  });

  it('mirrors, and writes to shared memory at an offset', () => {
    const plain = resized(pattern(), [5, 4, 45, 33], 'bilinear');
    const mirrored = resized(pattern(), [5, 4, 45, 33], 'bilinear', true);
    for (let x = 0; x < 16; x++) expect(mirrored.slice(x * 3, x * 3 + 3)).toEqual(plain.slice(45 - x * 3, 48 - x * 3));
    const target = new Uint8Array(new SharedArrayBuffer(1000));
    const area = { left: 5, top: 4, right: 45, bottom: 33 };
    resize(pattern(), area, { height: 12, width: 16, filter: 'bilinear', target, offset: 100 });
    expect(target.slice(100, 100 + plain.length)).toEqual(plain);
    expect(target[99]).toBe(0);
    expect(target[100 + plain.length]).toBe(0);
  });

  it('refuses areas outside and targets that are too small', () => {
    expect(() => resized(pattern(), [0, 0, 54, 10], 'bilinear')).toThrow(/outside/);
    expect(() => resized(pattern(), [4, 4, 4, 10], 'bilinear')).toThrow(/outside/);
    const view = { height: 12, width: 16, filter: 'bilinear' as const, target: new Uint8Array(10) };
    expect(() => resize(pattern(), { left: 0, top: 0, right: 9, bottom: 9 }, view)).toThrow(/wrong arguments/);
  });
});

describe('affine and adjust', () => {
  it('map as Pillow does', () => {
    const { pixels } = affine(pattern(), [0.9, 0.4, -3.5, -0.3, 1.1, 2.25], { height: 12, width: 16 });
    expect(largestDifference(pixels, pillow['affine']!)).toBeLessThanOrEqual(1);
  });

  it('change colours as Pillow and torchvision do', () => {
    const cut = pattern();
    const rows = Array.from({ length: 12 }, (_, y) => [...cut.pixels.subarray(y * 53 * 3, (y * 53 + 16) * 3)]);
    const cases: [string, Adjustment, number, number][] = [
      ['brightness', 'brightness', 1.37, 0],
      ['contrast', 'contrast', 0.63, 0],
      ['saturation', 'saturation', 1.4, 0],
      ['grey', 'grey', 1, 0],
      ['hue', 'hue', 0.1, 1],
      ['hueBack', 'hue', -0.07, 1],
    ];
    for (const [name, what, amount, allowed] of cases) {
      const pixels = Uint8Array.from(rows.flat());
      adjust(pixels, 0, pixels.length / 3, what, amount);
      expect([name, largestDifference(pixels, pillow[name]!) <= allowed]).toEqual([name, true]);
    }
  });

  it('sums are exact', () => {
    const { pixels } = pattern();
    const expected = [0, 1, 2].map((c) => pixels.filter((_, i) => i % 3 === c).reduce((sum, one) => sum + one, 0));
    const squares = [0, 1, 2].map((c) => [...pixels].reduce((sum, one, i) => sum + (i % 3 === c ? one * one : 0), 0));
    expect(channelSums(pixels, 3)).toEqual([...expected, ...squares]);
    const white = new Uint8Array(48 * 70_001 + 2).fill(255); // would overflow 32 bits
    expect(channelSums(white, 1)).toEqual([white.length * 255, white.length * 255 ** 2]);
  });
});

describe('JPEG', () => {
  const picture = waves(200, 300);
  const jpeg = jpegEncode(picture, 95);

  it('comes back as other decoders read it', async () => {
    expect(isJpeg(jpeg)).toBe(true);
    expect(jpegHeader(jpeg)).toEqual({ width: 300, height: 200, plain: true });
    const other = await sharp(jpeg).raw().toBuffer();
    expect(largestDifference(jpegDecode(jpeg, 3).pixels, other)).toBeLessThanOrEqual(3);
    expect(meanDifference(jpegDecode(jpeg, 3).pixels, picture.pixels)).toBeLessThan(1.5);
  });

  it('decodes an area as if the whole were decoded and then cropped', () => {
    const whole = jpegDecode(jpeg, 3);
    for (const area of [
      { left: 0, top: 0, right: 300, bottom: 200 },
      { left: 17, top: 33, right: 81, bottom: 90 },
      { left: 250, top: 140, right: 300, bottom: 200 },
      { left: 101.5, top: 60.25, right: 150, bottom: 111.75 },
    ]) {
      const expected = new Uint8Array(48 * 48 * 3);
      const found = new Uint8Array(48 * 48 * 3);
      const view = { height: 48, width: 48, filter: 'bilinear' as const, flip: true };
      resize(whole, area, { ...view, target: expected });
      jpegView(jpeg, 3, area, { ...view, target: found });
      expect(meanDifference(found, expected)).toBeLessThan(1.5); // those decoded at half size differ a little
      const isFull = area.right - area.left < 96;
      if (isFull) expect(largestDifference(found, expected)).toBeLessThanOrEqual(1);
    }
  });

  it('reads grey, progressive and RGB files; says which it cannot', async () => {
    const raw = { raw: { width: 300, height: 200, channels: 3 as const } };
    const progressive = await sharp(picture.pixels, raw).jpeg({ progressive: true, quality: 95 }).toBuffer();
    expect(meanDifference(jpegDecode(progressive, 3).pixels, picture.pixels)).toBeLessThan(1.5);
    const grey = await sharp(picture.pixels, raw).greyscale().jpeg({ quality: 95 }).toBuffer();
    expect(jpegDecode(grey, 1).pixels).toHaveLength(60_000);
    expect(jpegDecode(grey, 3).pixels[1]).toBe(jpegDecode(grey, 1).pixels[0]);
    const cmyk = await sharp(picture.pixels, raw).toColourspace('cmyk').jpeg().toBuffer();
    expect(jpegHeader(cmyk).plain).toBe(false);
  });

  it('reads a picture as if it were the first, whatever came before', () => {
    const expected = jpegDecode(jpeg, 3).pixels;
    for (const length of [10, 150, 200, 400, 3000]) {
      expect(() => jpegDecode(jpeg.subarray(0, length), 3)).toThrow();
      expect(jpegDecode(jpeg, 3).pixels).toEqual(expected);
    }
  });

  it('refuses what is cut off or no JPEG', () => {
    for (const part of [0.3, 0.9, 0.999]) {
      expect(() => jpegDecode(jpeg.subarray(0, Math.floor(jpeg.length * part)), 3)).toThrow(/premature|Premature/);
    }
    expect(() => jpegHeader(jpeg.subarray(0, 10))).toThrow();
    expect(() => jpegHeader(Buffer.from('no picture at all'))).toThrow(/JPEG/);
    expect(() => jpegHeader(new Uint8Array())).toThrow();
  });
});
