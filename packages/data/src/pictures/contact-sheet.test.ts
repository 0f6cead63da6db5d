import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../dataset.ts';
import { vocFiles, type SmallImage } from '../testing/annotated.ts';
import { smoothPixels, tarOf, writeTree } from '../testing/archives.ts';
import { ingestSection, workplace } from '../testing/workplace.ts';
import { contactSheet, sheetSplit } from './contact-sheet.ts';
import { jpegEncode } from './native/pictures.ts';

const folder = await workplace();

describe('contactSheet', () => {
  it('shows a row of images for each class, the same each time', async () => {
    const section = { type: 'shapes', size: 32, channels: 3, train: 300, test: 20 };
    const dataset = openDataset((await ingestSection(folder, 'shapes', section)).folder);
    expect(sheetSplit(dataset)).toBe('train');
    const png = await contactSheet(dataset, 'train');
    expect((await contactSheet(dataset, 'train')).equals(png)).toBe(true);
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([128 + 10 * 67, 3 + 10 * 67]);
    // The first thumbnail is one of the first class, enlarged: compare its middle with the images of that class.
    const at = (x: number, y: number): number[] => [
      ...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3),
    ];
    const middle = at(128 + 32, 3 + 32);
    const candidates = Array.from({ length: 300 }, (_, i) => i).filter((i) => dataset.labels('train')[i] === 0);
    const distances = candidates.map((i) => {
      const pixels = dataset.image('train', i);
      return Math.max(...[0, 1, 2].map((c) => Math.abs(pixels[(16 * 32 + 16) * 3 + c]! - middle[c]!)));
    });
    expect(Math.min(...distances)).toBeLessThan(24);
    expect(at(125, 3)).not.toEqual(at(130, 10)); // what is around is not part of an image
    await expect(contactSheet(dataset, 'val')).rejects.toThrow(/no split "val"/);
    await dataset.close();
  });

  it('shows each of twenty classes, and seven of more', async () => {
    for (const [classes, rows] of [
      [2, 2],
      [20, 20],
      [21, 7],
    ] as const) {
      const files: Record<string, Buffer> = {};
      for (let i = 0; i < 6 * classes; i++) {
        const pixels = smoothPixels(i, 16, 3);
        files[`c${i % classes}/${i}.jpg`] = jpegEncode({ pixels, height: 16, width: 16, channels: 3 }, 95);
      }
      await writeFile(join(folder, 'images.tar'), await tarOf(files));
      const made = await ingestSection(folder, `classes-${classes}`, { type: 'folder', path: 'images.tar' });
      const dataset = openDataset(made.folder);
      const { height } = await sharp(await contactSheet(dataset, 'train')).metadata();
      expect(height).toBe(3 + rows * 67);
      await dataset.close();
    }
  });

  it('draws boxes and masks in the colours of their classes, void in white, with a legend', async () => {
    const mask = Uint8Array.from({ length: 1600 }, (_, i) => (i % 40 < 4 ? 255 : i % 40 >= 36 ? 1 : 0));
    const image: SmallImage = { name: 'a', split: 'train', side: 40, objects: [['cat', 11, 11, 30, 30]], mask };
    await writeTree(join(folder, 'annotated'), vocFiles([image]));
    const section = { type: 'voc', path: 'annotated', task: 'segmentation', classes: ['background', 'cat'] };
    const store = { store: { encoding: 'jpeg' } };
    const dataset = openDataset((await ingestSection(folder, 'made', section, store)).folder);
    const { data, info } = await sharp(await contactSheet(dataset, 'train'))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([5 * 184 + 4, 4 + 184 + 18 + 4]);
    // A tile begins at 4, 4 and is 180 pixels wide for 40.
    const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
    const [edge, inside, masked, isVoid] = [at(4 + 45, 94), at(94, 94), at(4 + 175, 94), at(4 + 9, 94)];
    expect(Math.abs(edge[0]! - 128) + edge[1]! + edge[2]!).toBeLessThan(60); // VOC's colour of class 1 is 128, 0, 0
    const { pixels } = dataset.picture('train', 0);
    const under = [...pixels.subarray(3 * (20 * 40 + 20), 3 * (20 * 40 + 20) + 3)];
    for (const c of [0, 1, 2]) expect(Math.abs(inside[c]! - under[c]!)).toBeLessThan(16);
    expect(masked[0]! - masked[1]!).toBeGreaterThan(50);
    expect(Math.min(...isVoid)).toBeGreaterThan(150);
    await dataset.close();
  });
});
