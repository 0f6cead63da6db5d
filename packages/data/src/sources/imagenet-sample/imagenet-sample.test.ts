import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { tarOf } from '../../testing/archives.ts';
import { ingestSection, userError, workplace } from '../../testing/workplace.ts';

const folder = await workplace();
const store = { store: { encoding: 'jpeg', shorterSide: 40, quality: 90 } };
const path = join(folder, 'sample.tar');

beforeAll(async () => {
  const jpeg = (shade: number) =>
    sharp({ create: { width: 48, height: 44, channels: 3, background: { r: shade, g: 90, b: 10 } } })
      .jpeg()
      .toBuffer();
  const files = {
    'images/n01440764_tench.JPEG': await jpeg(250),
    'images/n01443537_goldfish.JPEG': await jpeg(20),
    'images/notes.txt': Buffer.from('no image'),
  };
  await writeFile(path, await tarOf(files));
});

describe('a sample of ImageNet', () => {
  it('has its images in the split train', async () => {
    const { manifest } = await ingestSection(folder, 'train', { type: 'imagenet-sample', path }, store);
    expect(manifest.classes).toEqual(['n01440764 tench', 'n01443537 goldfish']);
    expect(manifest.splits).toEqual({ train: { count: 2, classCounts: [1, 1] } });
  });

  it('has all of them in each split that is asked for', async () => {
    const section = { type: 'imagenet-sample', path, splits: ['train', 'val'] };
    const { manifest, folder: lmdb } = await ingestSection(folder, 'both', section, store);
    const split = { count: 2, classCounts: [1, 1] };
    expect(manifest.splits).toEqual({ train: split, val: split });
    const dataset = openDataset(lmdb);
    for (const index of [0, 1]) {
      expect(dataset.picture('val', index)).toEqual(dataset.picture('train', index));
      expect(dataset.sourcePath('val', index)).toBe(dataset.sourcePath('train', index));
    }
    await dataset.close();
  });

  it('refuses a split that is named twice, and tars without such images', async () => {
    const twice = { type: 'imagenet-sample', path, splits: ['val', 'val'] };
    expect(await userError(ingestSection(folder, 'twice', twice, store))).toMatch(/named twice[\s\S]*splits/);
    const other = join(folder, 'other.tar');
    await writeFile(other, await tarOf({ 'a.txt': Buffer.from('x') }));
    const section = { type: 'imagenet-sample', path: other };
    expect(await userError(ingestSection(folder, 'other', section, store))).toMatch(/No images called/);
  });
});
