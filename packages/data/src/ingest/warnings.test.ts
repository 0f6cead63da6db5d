import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { smoothPixels, writeTree } from '../testing/archives.ts';
import { ingestSection, workplace } from '../testing/workplace.ts';

const folder = await workplace();
const store = { store: { encoding: 'raw', height: 8, width: 8 } };

/** A picture that is a function of `number`; of one colour where it is negative. */
async function picture(number: number): Promise<Buffer> {
  const pixels = number < 0 ? Buffer.alloc(192, 90) : smoothPixels(number, 8, 3);
  return sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } })
    .png()
    .toBuffer();
}

let trees = 0;
async function warningsOfTree(tree: Readonly<Record<string, number>>): Promise<[string, string][]> {
  const name = `tree-${trees++}`;
  const files: Record<string, Buffer> = {};
  for (const [path, number] of Object.entries(tree)) files[`${path}.png`] = await picture(number);
  await writeTree(join(folder, name), files);
  const { manifest } = await ingestSection(folder, `out-${name}`, { type: 'folder', path: name }, store);
  return (manifest.warnings ?? []).map(({ kind, message }) => [kind, message]);
}

describe('warnings of a dataset', () => {
  it('has none for a set that is in order', async () => {
    const tree = { 'train/a/1': 1, 'train/b/2': 2, 'test/a/3': 3, 'test/b/4': 4 };
    expect(await warningsOfTree(tree)).toEqual([]);
  });

  it('names classes without test or training images', async () => {
    const tree = { 'train/a/1': 1, 'train/b/2': 2, 'train/c/3': 3, 'test/a/4': 4, 'test/d/5': 5 };
    expect(await warningsOfTree(tree)).toEqual([
      ['class-without-test-images', '2 of 4 classes: the classes b, c have no image in test.'],
      ['class-without-training-images', '1 of 4 classes: the class d has no image in train.'],
    ]);
  });

  it('says that there is one class, and that images are all alike', async () => {
    expect((await warningsOfTree({ 'train/a/1': 1, 'train/a/2': 2 })).map(([kind]) => kind)).toEqual(['single-class']);
    expect(await warningsOfTree({ 1: -1, 2: -1 })).toEqual([['constant-images', expect.stringMatching(/deviation 0/)]]);
    expect(await warningsOfTree({ 1: 5, 2: 5 })).toEqual([
      ['constant-images', 'All 2 images of train are the same picture.'],
    ]);
  });

  it('counts the test images that are training images, by their content', async () => {
    const train = { 'train/a/1': 1, 'train/b/2': 2 };
    expect(await warningsOfTree({ ...train, 'test/a/other': 2, 'test/b/name': 1 })).toEqual([
      ['test-equals-training', expect.stringMatching(/^All 2 images of test are in train too/)],
    ]);
    expect(await warningsOfTree({ ...train, 'val/a/3': 3, 'val/b/2': 2 })).toEqual([
      ['test-equals-training', expect.stringMatching(/^1 of 2 images of val are in train too/)],
    ]);
  });
});
