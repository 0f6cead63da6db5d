import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { openDataset } from '../../dataset.ts';
import { jpegDecode, jpegEncode, type Picture } from '../../pictures/native/pictures.ts';
import { smoothPixels, writeTree } from '../../testing/archives.ts';
import { renderScene, sceneSize } from '../../testing/scene.ts';
import { ingestSection, userError, workplace } from '../../testing/workplace.ts';
import { drawsFor } from './draws.ts';
import { ImageMaker, pictureOf, type Generator } from './generate.ts';
import { finalMap, render, widerSide } from './render.ts';
import { strengthsSchema, type Strengths } from './settings.ts';

const folder = await workplace();
const strengths = strengthsSchema.parse({});
const off: Strengths = strengthsSchema.parse({
  ...{ initialCrop: false, scale: false, rotation: false, shear: false, colourJitter: false },
});
const picture: Picture = { pixels: smoothPixels(3, 400, 3), height: 400, width: 400, channels: 3 };

beforeAll(async () => {
  const encoded = await sharp(picture.pixels, { raw: { height: 400, width: 400, channels: 3 } })
    .png()
    .toBuffer();
  await writeFile(join(folder, 'picture.png'), encoded);
});

/** Largest distance between the empirical distribution of `values` and `law`. */
function kolmogorov(values: readonly number[], law: (value: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((v, i) => Math.max(Math.abs(law(v) - i / sorted.length), Math.abs(law(v) - (i + 1) / sorted.length))),
  );
}
const uniformLaw = (low: number, high: number) => (value: number) =>
  Math.min(1, Math.max(0, (value - low) / (high - low)));

describe('drawsFor', () => {
  const count = 4000;
  const bound = 1.63 / Math.sqrt(count); // one in a hundred
  const draws = Array.from({ length: count }, (_, i) => drawsFor(strengths, 1, i, 4000, 3000));
  const shape = ({ area }: (typeof draws)[number]) => ({ w: area.right - area.left, h: area.bottom - area.top });

  it('draws rotation and shear uniformly up to 30 degrees to either side', () => {
    for (const name of ['rotation', 'shear'] as const) {
      expect(
        kolmogorov(
          draws.map((one) => one[name]),
          uniformLaw(-30, 30),
        ),
      ).toBeLessThan(bound);
    }
  });

  it('draws area and ratio by the stated law, which a rectangle that does not fit bends', () => {
    // In a square, a ratio r = e^t fits an area a up to e^-|t|: t is uniform and a is uniform, given that a <= e^-|t|.
    // Density of a is then proportional to the length of {|t| <= min(ln 4/3, -ln a)}.
    const most = Math.log(4 / 3);
    const mass = (a: number): number => {
      const flat = Math.min(a, 3 / 4) - 1 / 500;
      // Integral of -ln a from 3/4 to a.
      const rest = a > 3 / 4 ? -(a * Math.log(a) - a) + (0.75 * Math.log(0.75) - 0.75) : 0;
      return flat * most + rest;
    };
    const areas = draws.map((one) => (shape(one).w * shape(one).h) / 1500 ** 2);
    expect(kolmogorov(areas, (a) => (a <= 1 / 500 ? 0 : mass(Math.min(1, a)) / mass(1)))).toBeLessThan(bound);
    // Ratios of small areas are log-uniform.
    const small = draws.filter((one) => shape(one).w * shape(one).h < 0.7 * 1500 ** 2 && shape(one).w > 200);
    const ratios = small.map((one) => Math.log(shape(one).w / shape(one).h));
    expect(kolmogorov(ratios, uniformLaw(-most, most))).toBeLessThan(1.63 / Math.sqrt(ratios.length) + 0.004);
  });

  it('stays inside the picture, and inside a square of half its shorter side', () => {
    for (const { area } of draws) {
      expect(area.left >= 0 && area.top >= 0 && area.right <= 4000 && area.bottom <= 3000).toBe(true);
      expect(Math.max(area.right - area.left, area.bottom - area.top)).toBeLessThanOrEqual(1500);
    }
  });

  it('jitters half of them, in any order, within the strengths', () => {
    const jittered = draws.filter(({ colours }) => colours.length > 0);
    expect(Math.abs(jittered.length - count / 2)).toBeLessThan(5 * Math.sqrt(count / 4));
    expect(new Set(jittered.map(({ colours }) => colours.map(({ what }) => what).join())).size).toBe(24);
    const amounts = (kind: string) =>
      jittered.flatMap(({ colours }) => colours.filter(({ what }) => what === kind).map(({ amount }) => amount));
    const half = 1.63 / Math.sqrt(jittered.length);
    expect(kolmogorov(amounts('saturation'), uniformLaw(0.6, 1.4))).toBeLessThan(half);
    expect(kolmogorov(amounts('hue'), uniformLaw(-0.1, 0.1))).toBeLessThan(half);
  });

  it('each strength can be switched off', () => {
    const none = drawsFor(off, 1, 5, 600, 400);
    expect(none).toMatchObject({ rotation: 0, shear: 0, colours: [], noise: undefined });
    expect(none.area).toEqual({ left: 100, top: 0, right: 500, bottom: 400 });
    const some = strengthsSchema.parse({ ...off, contrast: 0.3, noise: 5, horizontalFlip: true });
    const all = Array.from({ length: 50 }, (_, i) => drawsFor(some, 1, i, 600, 400));
    expect(all.every(({ colours, noise }) => colours[0]!.what === 'contrast' && noise!.deviation === 5)).toBe(true);
    expect(new Set(all.map(({ horizontalFlip }) => horizontalFlip)).size).toBe(2);
  });
});

describe('render', () => {
  it('without rotation, shear and flips shows the middle of the wider image', () => {
    const size = 32;
    const border = Math.floor((widerSide(size) - size) / 2);
    expect(finalMap(drawsFor(off, 1, 1, 400, 400), size).map((value) => Number(value.toFixed(9)) + 0)).toEqual([
      1,
      0,
      border,
      0,
      1,
      border,
    ]);
  });

  it('turns as the angle says', () => {
    const quarter = { ...drawsFor(off, 1, 1, 400, 400), rotation: 90 };
    const plain = render(picture, drawsFor(off, 1, 1, 400, 400), 64).pixels;
    const turned = render(picture, quarter, 64).pixels;
    // torchvision's positive angle turns the image counter-clockwise or clockwise alike for all: row 10 becomes a column.
    const at = (pixels: Uint8Array, x: number, y: number): number => pixels[(y * 64 + x) * 3]!;
    const differences = [
      Math.abs(at(plain, 20, 10) - at(turned, 63 - 10, 20)),
      Math.abs(at(plain, 20, 10) - at(turned, 10, 63 - 20)),
    ];
    expect(Math.min(...differences)).toBeLessThanOrEqual(3);
  });

  it('adds noise of the stated deviation', () => {
    const noisy = strengthsSchema.parse({ ...off, noise: 10 });
    const flat = { ...picture, pixels: new Uint8Array(400 * 400 * 3).fill(128) };
    const { pixels } = render(flat, drawsFor(noisy, 1, 3, 400, 400), 64);
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length;
    expect(Math.abs(mean - 128)).toBeLessThan(0.5);
    expect(Math.abs(Math.sqrt(variance) - 10)).toBeLessThan(0.4);
  });

  // Written by bench/oracles/write_single_image.py with Pillow, from the draws of the same numbers.
  it('gives what Pillow gives for the same parameters', async () => {
    const fixture = JSON.parse(await readFile(join(import.meta.dirname, 'pillow.fixture.json'), 'utf8')) as {
      images: { index: number; pixels: number[] }[];
    };
    expect(fixture.images).toHaveLength(6);
    for (const { index, pixels } of fixture.images) {
      const ours = render(picture, drawsFor(strengths, 1, index, 400, 400), 24).pixels;
      const difference = ours.reduce((sum, value, i) => sum + Math.abs(value - pixels[i]!), 0) / ours.length;
      expect(difference).toBeLessThan(0.5);
    }
  });
});

describe('single-image', () => {
  const section = { type: 'single-image', images: ['picture.png'], count: 700, test: 40, size: 16 };

  it('makes a dataset of the picture and its augmented forms; any one can be made again', async () => {
    const { folder: made, manifest } = await ingestSection(folder, 'mono', section);
    expect(manifest.splits).toEqual({ train: { count: 700, classCounts: [] }, test: { count: 40, classCounts: [] } });
    const dataset = openDataset(made);
    expect(dataset.sourcePath('train', 0)).toBe('picture.png');
    expect(dataset.sourcePath('train', 17)).toBe('017 of picture.png');
    const encoded = await readFile(join(folder, 'picture.png'));
    const generator: Generator = { pictures: [encoded], count: 700, test: 40, size: 16, seed: 1, strengths };
    for (const index of [0, 699, 17]) {
      expect(dataset.image('train', index)).toEqual((await new ImageMaker(generator).make(index)).pixels);
    }
    // The test images are further ones.
    expect(dataset.image('test', 3)).toEqual((await new ImageMaker(generator).make(703)).pixels);
    expect(dataset.sourcePath('test', 3)).toBe('703 of picture.png');
    const trained = new Set(Array.from({ length: 700 }, (_, i) => sha256(dataset.image('train', i))));
    for (let i = 0; i < 40; i++) expect(trained.has(sha256(dataset.image('test', i)))).toBe(false);
    await dataset.close();
    const other = await ingestSection(folder, 'other', { ...section, seed: 2 });
    expect(other.manifest.digest).not.toBe(manifest.digest);
    const small = jpegEncode({ ...picture, pixels: smoothPixels(9, 400, 3) }, 95);
    await writeFile(join(folder, 'picture.png'), small);
    expect((await ingestSection(folder, 'mono', section)).alreadyDone).toBe(false);
    await writeFile(join(folder, 'picture.png'), encoded);
  });

  it('turns its picture upright as EXIF says, and counts it', async () => {
    const raw = { raw: { width: 400, height: 400, channels: 3 as const } };
    // Orientation 6: to be seen upright it is turned by a quarter to the right.
    const lying = sharp(picture.pixels, raw).rotate(270).withMetadata({ orientation: 6 });
    await writeFile(join(folder, 'lying.png'), await lying.png().toBuffer());
    const more = { count: 30, test: 3, size: 16 };
    const made = await Promise.all(
      ['picture', 'lying'].map(async (name) => {
        const { folder: lmdb, manifest } = await ingestSection(folder, `upright-${name}`, {
          ...{ type: 'single-image', images: [`${name}.png`], ...more },
        });
        const dataset = openDataset(lmdb);
        const images = Array.from({ length: 30 }, (_, i) => [...dataset.image('train', i)]);
        await dataset.close();
        return { images, turned: manifest.reading?.turned };
      }),
    );
    const [upright, lay] = made.map(({ images }) => images);
    expect(lay!.slice(1)).toEqual(upright!.slice(1));
    // The picture itself is scaled as it is stored, rows before columns, and then turned: its rounding may differ.
    expect(Math.max(...lay![0]!.map((value, i) => Math.abs(value - upright![0]![i]!)))).toBeLessThanOrEqual(1);
    expect(made.map(({ turned }) => turned)).toEqual([undefined, 1]);
  });

  it('takes the first images of another dataset: deka and kilo', async () => {
    const files = Object.fromEntries(
      [0, 1, 2, 3].map((i) => [
        `pictures/class/${i}.jpg`,
        jpegEncode({ ...picture, pixels: smoothPixels(i * 9, 400, 3) }, 95),
      ]),
    );
    const declared = JSON.stringify({ sources: [{ type: 'folder', path: '../pictures' }] });
    await writeTree(join(folder, 'sets'), {
      ...files,
      'few/dataset.json': Buffer.from(declared),
      'deka/x': Buffer.from(''),
    });
    const from = (first: number) => ({
      type: 'single-image',
      from: { dataset: 'few', first },
      count: 63,
      test: 9,
      size: 16,
    });
    const made = await ingestSection(join(folder, 'sets', 'deka'), 'made', from(3));
    const dataset = openDataset(made.folder);
    const names = Array.from({ length: 63 }, (_, i) => dataset.sourcePath('train', i).split(' ').at(-1));
    expect(names.slice(0, 3)).toEqual(['0.jpg', '1.jpg', '2.jpg']);
    expect(names.slice(3).filter((name) => name === '1.jpg')).toHaveLength(20);
    const size = { count: 63, test: 9 };
    expect([3, 62, 63, 65, 66, 71].map((i) => pictureOf(i, 3, size))).toEqual([0, 2, 0, 0, 1, 2]);
    await dataset.close();
    expect(await userError(ingestSection(join(folder, 'sets', 'deka'), 'made', from(5)))).toMatch(
      /5 images are asked for, the dataset few has 4/,
    );
    // Two of four, evenly apart: the first and the third.
    const evenly = { ...from(2), from: { dataset: 'few', evenly: 2 } };
    const apart = openDataset((await ingestSection(join(folder, 'sets', 'deka'), 'apart', evenly)).folder);
    expect([0, 1].map((i) => apart.sourcePath('train', i))).toEqual(['0.jpg', '2.jpg']);
    await apart.close();
    // Larger than the pictures, which are scaled up.
    const larger = { ...from(2), count: 5, test: 1, size: 512 };
    const grown = openDataset((await ingestSection(join(folder, 'sets', 'deka'), 'grown', larger)).folder);
    expect(grown.image('train', 4)).toHaveLength(512 * 512 * 3);
    await grown.close();
    const both = { ...from(2), from: { dataset: 'few', first: 2, evenly: 2 } };
    expect(await userError(ingestSection(join(folder, 'sets', 'deka'), 'made', both))).toMatch(
      /either first or evenly/,
    );
    const nowhere = { ...from(2), from: { dataset: 'gone', first: 2 } };
    expect(await userError(ingestSection(join(folder, 'sets', 'deka'), 'made', nowhere))).toMatch(/no such dataset/);
  });

  it('refuses pictures that are too small, damaged or missing', async () => {
    await writeFile(
      join(folder, 'tiny.jpg'),
      jpegEncode({ pixels: smoothPixels(1, 12, 3), height: 12, width: 12, channels: 3 }, 90),
    );
    await writeFile(join(folder, 'cut.jpg'), Buffer.from('x'));
    const with_ = (images: string[], more: object = {}) =>
      ingestSection(folder, 'bad', { ...section, images, ...more });
    expect(await userError(with_(['tiny.jpg']))).toMatch(/too small: 12 × 12[^]*tiny\.jpg/);
    expect(await userError(with_(['cut.jpg']))).toMatch(/cannot be decoded[^]*cut\.jpg/);
    expect(await userError(with_(['none.jpg']))).toMatch(/does not exist/);
    expect(await userError(with_(['picture.png', 'picture.png'], { count: 2 }))).toMatch(/leave none to make/);
    expect(await userError(with_(['picture.png'], { augment: { rotate: 3 } }))).toMatch(
      /Unknown key 'rotate'[^]*rotation/,
    );
  });
});

describe('the picture that comes with Selfsup', () => {
  it('is what scene.ts draws, large and crowded', async () => {
    const shipped = jpegDecode(await readFile(join(import.meta.dirname, 'scene.jpg')), 3, 8);
    expect([shipped.width * 8, shipped.height * 8]).toEqual([sceneSize.width, sceneSize.height]);
    const drawn = await renderScene(shipped.width);
    const difference = shipped.pixels.reduce((sum, value, i) => sum + Math.abs(value - drawn.data[i]!), 0);
    expect(difference / shipped.pixels.length).toBeLessThan(20); // averages of other pixels, and grain
    const correlation = (() => {
      const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
      const [ma, mb] = [mean(shipped.pixels), mean(drawn.data)];
      let [ab, aa, bb] = [0, 0, 0];
      shipped.pixels.forEach((value, i) => {
        const [a, b] = [value - ma, drawn.data[i]! - mb];
        ab += a * b;
        aa += a * a;
        bb += b * b;
      });
      return ab / Math.sqrt(aa * bb);
    })();
    expect(correlation).toBeGreaterThan(0.9);
  }, 60_000);
});
