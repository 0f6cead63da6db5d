import { gzipSync } from 'node:zlib';
import { decode as decodePng } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { jpegDecode } from '../pictures/native/pictures.ts';
import type { SourceEntry, SourceImage } from '../source.ts';
import { smoothPixels } from '../testing/archives.ts';
import { prepare } from './prepare.ts';
import { decodeRecord } from './record.ts';
import { storeSchema, type Store } from './store.ts';

const small: Store = storeSchema.parse({ encoding: 'raw', height: 16, width: 16 });
const exact: Store = storeSchema.parse({ encoding: 'raw', height: 16, width: 16, fit: 'exact' });
const jpeg64: Store = storeSchema.parse({ encoding: 'jpeg', shorterSide: 64 });
const asIs: Store = storeSchema.parse({ encoding: 'jpeg' });
const entry: SourceEntry = { split: 'train', label: 1, path: 'a.jpg' };

async function stored(image: object, store: Store, more: Partial<SourceEntry> = {}) {
  const prepared = await prepare({ image: { entry: 0, ...image } as SourceImage, entry: { ...entry, ...more } }, store);
  if ('damaged' in prepared) throw new Error(prepared.damaged);
  return { ...decodeRecord(prepared.record, 'k'), sums: prepared.sums, pixels: prepared.pixels };
}

async function reason(encoded: Uint8Array, store: Store = small): Promise<string> {
  const prepared = await prepare({ image: { entry: 0, encoded }, entry }, store);
  return 'damaged' in prepared ? prepared.damaged : `was read, ${prepared.pixels} pixels`;
}

/** Four quarters of one colour each, [height, width, 3]. */
const quarters = (height: number, width: number) => {
  const colours = [
    [200, 30, 30],
    [30, 200, 30],
    [30, 30, 200],
    [200, 200, 30],
  ];
  const pixels = new Uint8Array(height * width * 3);
  for (let i = 0; i < height * width; i++) {
    const right = i % width >= width / 2 ? 1 : 0;
    const below = i >= (height * width) / 2 ? 2 : 0;
    pixels.set(colours[right + below]!, 3 * i);
  }
  return sharp(pixels, { raw: { height, width, channels: 3 } });
};

function near(found: ArrayLike<number>, expected: readonly number[], within: number): void {
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(within));
}

describe('prepare', () => {
  it('scales to cover a raw size and crops the centre', async () => {
    const { payload, height, width } = await stored({ encoded: await quarters(64, 96).png().toBuffer() }, small);
    expect([height, width, payload.length]).toEqual([16, 16, 768]);
    near(payload.subarray(0, 3), [200, 30, 30], 2);
    near(payload.subarray(45, 48), [30, 200, 30], 2);
    near(payload.subarray(15 * 48, 15 * 48 + 3), [30, 30, 200], 2);
    expect(await reason(await quarters(64, 96).png().toBuffer(), exact)).toMatch(/64 × 96 pixels instead of 16 × 16/);
  });

  it('scales the shorter side of a JPEG down, never up, and keeps the bytes of those that fit', async () => {
    const large = await quarters(300, 450).jpeg({ quality: 95 }).toBuffer();
    const scaled = await stored({ encoded: large }, jpeg64);
    expect([scaled.height, scaled.width]).toEqual([64, 96]);
    const { pixels, height, width } = jpegDecode(scaled.payload, 3);
    expect([height, width]).toEqual([64, 96]);
    near(pixels.subarray(0, 3), [200, 30, 30], 6);
    near(pixels.subarray(pixels.length - 3), [200, 200, 30], 6);

    const kept = await stored({ encoded: large }, asIs);
    expect(Buffer.from(kept.payload)).toEqual(large);
    const tiny = await quarters(30, 40).jpeg().toBuffer();
    expect(Buffer.from((await stored({ encoded: tiny }, jpeg64)).payload)).toEqual(tiny);
  });

  it('scales boxes and mask with the image', async () => {
    const box = { label: 3, left: 30, top: 0, right: 450, bottom: 150, difficult: true, truncated: false };
    const classes = Uint8Array.from({ length: 300 * 450 }, (_, i) => (i % 450 < 225 ? 7 : 255));
    const { annotations, mask } = await stored(
      { encoded: await quarters(300, 450).jpeg().toBuffer(), mask: { classes, height: 300, width: 450 } },
      jpeg64,
      { annotations: { boxes: [box], presence: [1, 0, -1] } },
    );
    const scaled = JSON.parse(annotations) as { boxes: (typeof box)[]; presence: number[] };
    near(Object.values(scaled.boxes[0]!).slice(1, 5) as number[], [6.4, 0, 96, 32], 1e-9);
    expect(scaled.presence).toEqual([1, 0, -1]);
    const png = decodePng(mask);
    expect([png.height, png.width, png.channels]).toEqual([64, 96, 1]);
    expect([...png.data.slice(47, 49)]).toEqual([7, 255]);
    const wrong = {
      entry: 0,
      encoded: await quarters(30, 45).jpeg().toBuffer(),
      mask: { classes, height: 3, width: 4 },
    };
    expect(await prepare({ image: wrong, entry }, jpeg64)).toMatchObject({ damaged: /mask is 3 × 4/ });
  });

  it('turns a picture as its EXIF orientation says, but not one with boxes or a mask, which are of the stored pixels', async () => {
    const lying = await quarters(32, 64).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();
    const upright = await prepare({ image: { entry: 0, encoded: lying }, entry }, asIs);
    expect(upright).toMatchObject({ turned: true });
    const { payload, height, width } = await stored({ encoded: lying }, asIs);
    expect([height, width]).toEqual([64, 32]);
    near(jpegDecode(payload, 3).pixels.subarray(0, 3), [30, 30, 200], 6); // the quarter that was below left
    near((await stored({ encoded: lying }, small)).payload.subarray(0, 3), [30, 30, 200], 6);
    const box = { label: 1, left: 0, top: 0, right: 64, bottom: 16, difficult: false, truncated: false };
    const boxed = await stored({ encoded: lying }, asIs, { annotations: { boxes: [box] } });
    expect(Buffer.from(boxed.payload)).toEqual(lying);
    const classes = new Uint8Array(32 * 64);
    const masked = await stored({ encoded: lying, mask: { classes, height: 32, width: 64 } }, asIs);
    expect([masked.height, masked.width]).toEqual([32, 64]);
  });

  it('makes grey of RGB and RGB of grey where the store says so', async () => {
    const height = 2;
    const width = 2;
    // Red, green, blue and white have these lumas by BT.601.
    const primaries = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255);
    const store = { encoding: 'raw', height, width, channels: 1, fit: 'exact' } as const;
    const grey = await stored({ pixels: primaries, height, width, channels: 3 }, store);
    expect([grey.channels, ...grey.payload]).toEqual([1, 76, 150, 29, 255]);
    const rgb = await stored(
      { pixels: Uint8Array.of(3, 9, 0, 255), height, width, channels: 1 },
      { ...store, channels: 3 },
    );
    expect([rgb.channels, ...rgb.payload]).toEqual([3, 3, 3, 3, 9, 9, 9, 0, 0, 0, 255, 255, 255]);
  });

  it('sums over the pixels before they are encoded', async () => {
    const pixels = smoothPixels(3, 16, 3);
    const { sums, pixels: count } = await stored({ pixels, height: 16, width: 16, channels: 3 }, exact);
    expect(count).toBe(256);
    expect(sums[2]).toBe(pixels.filter((_, i) => i % 3 === 2).reduce((sum, one) => sum + one, 0));
  });
});

describe('inputs of all kinds', () => {
  const jpeg = quarters(200, 300).jpeg({ quality: 90 }).toBuffer();

  it('leaves damaged ones out, with the reason', async () => {
    const whole = await jpeg;
    for (const part of [0.2, 0.7, 0.995]) {
      const cut = whole.subarray(0, Math.floor(whole.length * part));
      expect(await reason(cut)).toMatch(/cannot be decoded/);
      expect(await reason(cut, asIs)).toMatch(/cannot be decoded/);
    }
    const garbled = Buffer.from(whole);
    garbled.fill(0x55, whole.length / 2, whole.length / 2 + 60);
    expect(await reason(garbled, jpeg64)).toMatch(/cannot be decoded|was read/);
    expect(await reason(Buffer.alloc(0))).toBe('the file is empty');
    expect(await reason(Buffer.from('this is a text file named .jpg'))).toMatch(/cannot be decoded/);
    expect(await reason(Buffer.alloc(5000))).toMatch(/cannot be decoded/);
    const png = await quarters(64, 64).png().toBuffer();
    expect(await reason(png.subarray(0, png.length - 40))).toMatch(/cannot be decoded/);
  });

  it('leaves text and drawings out that are called pictures', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>';
    for (const text of [svg, `\uFEFF\n<?xml version="1.0"?>${svg}`, '<!DOCTYPE html><html></html>']) {
      expect(await reason(Buffer.from(text))).toMatch(/is text or a drawing/);
    }
    expect(await reason(gzipSync(svg))).toMatch(/is text or a drawing/);
  });

  it('reads CMYK, grey, 16-bit, transparent, animated and progressive ones', async () => {
    const cmyk = await quarters(64, 64).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    near((await stored({ encoded: cmyk }, small)).payload.subarray(0, 3), [200, 30, 30], 40);
    const grey = await quarters(64, 64).greyscale().jpeg().toBuffer();
    const [r, g, b] = (await stored({ encoded: grey }, small)).payload;
    expect(r === g && g === b).toBe(true);
    const deep = await quarters(64, 64).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    near((await stored({ encoded: deep }, small)).payload.subarray(0, 3), [200, 30, 30], 2);
    const clear = await quarters(64, 64).ensureAlpha(0.5).png().toBuffer();
    near((await stored({ encoded: clear }, small)).payload.subarray(0, 3), [200, 30, 30], 2);
    const frames = await Promise.all([quarters(64, 64).png().toBuffer(), quarters(64, 64).negate().png().toBuffer()]);
    const animated = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(2);
    near((await stored({ encoded: animated }, small)).payload.subarray(0, 3), [200, 30, 30], 12);
    const progressive = await quarters(64, 64).jpeg({ progressive: true, quality: 95 }).toBuffer();
    near((await stored({ encoded: progressive }, small)).payload.subarray(0, 3), [200, 30, 30], 6);
  });

  it('reads an image 30,000 pixels wide in bounded memory, and refuses absurd ones', async () => {
    const wide = { create: { width: 30_000, height: 2000, channels: 3 as const, background: 'teal' } };
    const before = process.memoryUsage().rss;
    expect(await reason(await sharp(wide).jpeg().toBuffer(), jpeg64)).toBe(`was read, ${64 * 960} pixels`);
    expect(await reason(await sharp(wide).png().toBuffer(), small)).toBe('was read, 256 pixels');
    expect(process.memoryUsage().rss - before).toBeLessThan(600e6);
    const huge = sharp({ create: { ...wide.create, height: 9000 }, limitInputPixels: false });
    expect(await reason(await huge.jpeg().toBuffer(), jpeg64)).toMatch(/30000 × 9000 pixels, more than/);
    const hugePng = await sharp({ create: { ...wide.create, height: 5000 } })
      .png()
      .toBuffer();
    expect(await reason(hugePng, jpeg64)).toMatch(/pixel limit/);
  });
});
