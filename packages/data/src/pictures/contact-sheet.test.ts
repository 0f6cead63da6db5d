import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../dataset.ts';
import { smoothPixels, tarOf } from '../testing/archives.ts';
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
});
