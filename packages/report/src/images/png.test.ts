import sharp from 'sharp';
import { expect, test } from 'vitest';
import { pictureSize } from './picture-bytes.ts';
import { encodePng } from './png.ts';

test.each([1, 3, 4] as const)('a picture of %i channels is read back by libvips bit for bit', async (channels) => {
  const pixels = Uint8Array.from({ length: 5 * 7 * channels }, (_, i) => (i * 37) % 256);
  const image = sharp(encodePng(pixels, 5, 7, channels));
  expect(await image.metadata()).toMatchObject({ format: 'png', height: 5, width: 7, channels });
  const { data } = await image
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(new Uint8Array(data)).toEqual(pixels);
  expect(pictureSize(encodePng(pixels, 5, 7, channels))).toEqual({ width: 7, height: 5 });
});

test('a wrong number of pixels is refused', () => {
  expect(() => encodePng(new Uint8Array(5), 2, 2, 1)).toThrow(RangeError);
});
