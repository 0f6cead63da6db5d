import sharp from 'sharp';
import { expect, test } from 'vitest';
import { renderComparison } from '../comparison-page.ts';
import { pictures, type Pictures } from '../figures/kinds/pictures.ts';
import { sampleComparison } from '../testing/comparison.ts';
import { withLighterPictures } from './lighter-pictures.ts';
import { pictureSize, pictureUri } from './picture-bytes.ts';
import { encodePng } from './png.ts';

const [height, width] = [96, 160];
/** A smooth picture with a little noise, as photographs are. */
const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
  const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
  return 110 + 60 * Math.sin(x / 17) + 40 * Math.cos(y / 11 + (i % 3)) + ((i * 7919) % 13);
});
const png = encodePng(pixels, height, width, 3);

const raw = () => sharp(pixels, { raw: { height, width, channels: 3 } });

test.each([
  ['lossy', () => raw().webp({ quality: 80 })],
  ['lossless', () => raw().webp({ lossless: true })],
  ['with alpha', () => raw().ensureAlpha(0.5).webp()],
  ['PNG', () => raw().png()],
])('the size of a picture, %s', async (_, encode) => {
  const bytes = await encode().toBuffer();
  expect(pictureSize(bytes)).toEqual({ width, height });
  expect(pictureUri(bytes)).toMatch(/^data:image\/(webp|png);base64,/);
});

test('a file that is no picture is refused', () => {
  expect(() => pictureSize(new Uint8Array(40))).toThrow(TypeError);
});

test('a large picture gets much smaller and hardly another one; a small one stays', async () => {
  const sample = sampleComparison();
  const large = { image: png, caption: 'large' };
  const [first, ...rest] = sample.rows.filter(({ figures }) => figures.some(({ kind }) => kind === 'pictures'));
  const own = (first!.figures[0]!.data as Pictures).pictures;
  const rows = [{ ...first!, figures: [pictures({ pictures: [large, ...own], beside: true })] }, ...rest];
  const lighter = await withLighterPictures({ ...sample, rows });
  const [one, small] = (lighter.rows[0]!.figures[0]!.data as Pictures).pictures;
  const bytes = one!.image;
  expect(bytes.length).toBeLessThan(png.length / 5);
  expect(small).toEqual(own[0]);
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([width, height]);
  const error = pixels.reduce((sum, value, i) => sum + Math.abs(value - data[i]!), 0) / pixels.length;
  expect(error).toBeLessThan(6);
  expect(await renderComparison(lighter)).toContain('src="data:image/webp;base64,');
});
