import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset, type Dataset } from '../dataset.ts';
import { vocFiles, type SmallImage } from '../testing/annotated.ts';
import { writeTree } from '../testing/archives.ts';
import { ingestSection, workplace } from '../testing/workplace.ts';
import { annotatedImages } from './annotated-images.ts';

const folder = await workplace();
const mask = (side: number): Uint8Array =>
  Uint8Array.from({ length: side * side }, (_, i) => (i < 4 * side ? 255 : i % 2));
const unmasked: SmallImage[] = [
  {
    name: '000002',
    split: 'train',
    side: 40,
    objects: [
      ['cat', 1, 1, 40, 40, 0, 1],
      ['dog', 11, 21, 20, 30, 1],
    ],
  },
  { name: '000001', split: 'train', side: 20, objects: [] },
  { name: '000003', split: 'val', side: 30, objects: [['dog', 3, 4, 5, 6]] },
];
const images = unmasked.map((image) => ({ ...image, mask: mask(image.side) }));

const made = async (name: string, section: object, store: object): Promise<Dataset> => {
  await writeTree(join(folder, 'tree'), vocFiles(images));
  const { folder: lmdb } = await ingestSection(folder, name, { type: 'voc', path: 'tree', ...section }, { store });
  return openDataset(lmdb);
};

describe('annotatedImages', () => {
  let dataset: Dataset;
  beforeAll(async () => {
    dataset = await made('boxes', { task: 'detection' }, { encoding: 'jpeg' });
  });

  it('gives images in the order of their list, with boxes on pixel borders, labels and flags', () => {
    const train = annotatedImages(dataset, 'train');
    expect([train.count, train.classes]).toEqual([2, ['cat', 'dog']]);
    const first = train.annotations(0);
    expect(first).toEqual({
      name: '000002',
      height: 40,
      width: 40,
      boxes: Float32Array.of(0, 0, 40, 40, 10, 20, 20, 30),
      labels: Int32Array.of(0, 1),
      difficult: Uint8Array.of(0, 1),
      truncated: Uint8Array.of(1, 0),
      presence: Int8Array.of(1, 0),
    });
    expect(train.annotations(1)).toMatchObject({
      name: '000001',
      boxes: new Float32Array(),
      presence: Int8Array.of(-1, -1),
    });
    const whole = train.image(1);
    expect(whole.pixels).toEqual(dataset.picture('train', 1).pixels);
    expect([whole.pixels.length, whole.mask]).toEqual([20 * 20 * 3, undefined]);
  });

  it('joins splits one behind the other, and refuses what is not there', () => {
    const both = annotatedImages(dataset, 'train+val');
    expect([0, 1, 2].map((i) => both.annotations(i).name)).toEqual(['000002', '000001', '000003']);
    expect(both.place(2)).toEqual({ split: 'val', index: 0 });
    expect(both.image(2)).toMatchObject({ height: 30, labels: Int32Array.of(1) });
    expect(() => both.annotations(3)).toThrow(RangeError);
    expect(() => both.image(-1)).toThrow(RangeError);
    expect(() => annotatedImages(dataset, 'train+test')).toThrow(/no split "test"/);
    expect(() => annotatedImages(dataset, 'train+train')).toThrow(/names a split twice/);
  });

  it('scales boxes and masks with the image, and makes grey images colour', async () => {
    const section = { task: 'segmentation', classes: ['cat', 'dog'] };
    const small = await made('small', section, { encoding: 'jpeg', shorterSide: 16 });
    const image = annotatedImages(small, 'train').image(0);
    expect(image).toMatchObject({ height: 16, width: 16, boxes: Float32Array.of(0, 0, 16, 16, 4, 8, 8, 12) });
    expect([image.mask!.length, image.mask![0], image.mask![33]]).toEqual([256, 255, 1]);
    await small.close();
    await writeTree(join(folder, 'one'), vocFiles([images[0]!]));
    const greys = { store: { encoding: 'raw', height: 40, width: 40, channels: 1, fit: 'exact' } };
    const oneGrey = await ingestSection(folder, 'grey', { type: 'voc', path: 'one', task: 'detection' }, greys);
    const grey = openDataset(oneGrey.folder);
    const { pixels } = annotatedImages(grey, 'train').image(0);
    expect(pixels).toEqual(Uint8Array.from({ length: 4800 }, (_, i) => grey.image('train', 0)[Math.floor(i / 3)]!));
    await grey.close();
  });
});
