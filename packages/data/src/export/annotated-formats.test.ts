import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset, type Dataset } from '../dataset.ts';
import { annotatedImages, type AnnotatedImage } from '../loading/annotated-images.ts';
import { vocFiles, type SmallImage } from '../testing/annotated.ts';
import { writeTree } from '../testing/archives.ts';
import { ingestSection, quietProgress, userError, workplace } from '../testing/workplace.ts';
import { exportCoco } from './coco.ts';
import { exportVoc } from './voc.ts';

const folder = await workplace();
const jpeg = { store: { encoding: 'jpeg' } };
const mask = (side: number): Uint8Array => Uint8Array.from({ length: side * side }, (_, i) => [0, 1, 2, 255][i % 4]!);
const images: SmallImage[] = [
  {
    name: 'one',
    split: 'train',
    side: 32,
    objects: [
      ['cat', 10.7, 5, 20, 25, 0, 1],
      ['salt &amp; pepper', 1, 1, 32, 32, 1],
    ],
  },
  { name: 'two', split: 'train', side: 20, objects: [] },
  { name: 'three', split: 'test', side: 24, objects: [['cat', 2, 3, 12, 13.25]] },
];

let boxes: Dataset;
let masks: Dataset;
beforeAll(async () => {
  await writeTree(join(folder, 'tree'), vocFiles(images.map((image) => ({ ...image, mask: mask(image.side) }))));
  const section = { type: 'voc', path: 'tree', task: 'detection' };
  boxes = openDataset((await ingestSection(folder, 'boxes', section, jpeg)).folder);
  const segmentation = { ...section, task: 'segmentation', classes: ['background', 'cat', 'salt & pepper'] };
  masks = openDataset((await ingestSection(folder, 'masks', segmentation, jpeg)).folder);
});

const options = (dataset: Dataset, to: string) => ({
  dataset,
  splits: Object.keys(dataset.manifest.splits),
  to: join(folder, to),
  shardBytes: 1e9,
  progress: quietProgress(),
  signal: new AbortController().signal,
});

/** All images of both splits. */
function all(dataset: Dataset): AnnotatedImage[] {
  const both = annotatedImages(dataset, 'train+test');
  return Array.from({ length: both.count }, (_, i) => both.image(i));
}

describe('export of annotations', () => {
  it('to VOC, and from there again: the same pixels, boxes, flags and presence', async () => {
    const lists = await exportVoc(options(boxes, 'voc'));
    expect(lists.map((list) => list.slice(folder.length + 1)).sort()).toEqual([
      'voc/ImageSets/Main/test.txt',
      'voc/ImageSets/Main/train.txt',
    ]);
    const section = { type: 'voc', path: 'voc', task: 'classification' };
    const again = openDataset((await ingestSection(folder, 'voc-again', section, jpeg)).folder);
    expect(again.manifest.classes).toEqual(boxes.manifest.classes);
    expect(all(again)).toEqual(all(boxes));
    await again.close();
  });

  it('to VOC with masks, and from there again', async () => {
    await exportVoc(options(masks, 'voc-masks'));
    const { classes } = masks.manifest;
    const section = { type: 'voc', path: 'voc-masks', task: 'segmentation', classes };
    const again = openDataset((await ingestSection(folder, 'masks-again', section, jpeg)).folder);
    expect(all(again)).toEqual(all(masks));
    expect(all(again)[0]!.mask).toEqual(mask(32));
    await again.close();
  });

  it('to COCO, and from there again', async () => {
    const [file] = await exportCoco(options(boxes, 'coco'));
    const json = JSON.parse(await readFile(file!, 'utf8')) as { annotations: object[] };
    expect(json.annotations).toEqual([
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        bbox: [1, 2, 11, 11.25],
        area: 123.75,
        iscrowd: 0,
        ignore: 0,
        truncated: 0,
      },
    ]);
    const section = { type: 'coco', path: 'coco' };
    const again = openDataset((await ingestSection(folder, 'coco-again', section, jpeg)).folder);
    expect(again.manifest.classes).toEqual(boxes.manifest.classes);
    expect(all(again)).toEqual(all(boxes));
    await again.close();
  });

  it('to COCO with masks: the background is no category, and a category has the number that it has in the masks', async () => {
    const [file] = await exportCoco(options(masks, 'coco-masks'));
    const json = JSON.parse(await readFile(file!, 'utf8')) as {
      categories: { id: number; name: string }[];
      annotations: { category_id: number }[];
    };
    expect(json.categories.map(({ id, name }) => [id, name])).toEqual([
      [1, 'cat'],
      [2, 'salt & pepper'],
    ]);
    expect(json.annotations.map(({ category_id: category }) => category)).toEqual([1]);
    const again = await ingestSection(folder, 'coco-masks-again', { type: 'coco', path: 'coco-masks' }, jpeg);
    const dataset = openDataset(again.folder);
    expect(all(dataset).map(({ boxes: found }) => found)).toEqual(all(masks).map(({ boxes: found }) => found));
    await dataset.close();
    const section = { type: 'coco', path: 'coco-masks', masks: true };
    expect(await userError(ingestSection(folder, 'coco-masks-none', section, jpeg))).toMatch(
      /no "segmentation" for an object called cat/,
    );
  });

  it('refuses a dataset that has none', async () => {
    const plain = openDataset(
      (await ingestSection(folder, 'plain', { type: 'shapes', size: 16, train: 20, test: 10 })).folder,
    );
    expect(await userError(exportCoco(options(plain, 'none')))).toMatch(/has no boxes[^]*webdataset/);
    expect(await userError(exportVoc(options(plain, 'none')))).toMatch(/no boxes and no masks/);
    await plain.close();
  });
});
