import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { annotatedImages } from '../../loading/annotated-images.ts';
import { smallJpeg } from '../../testing/annotated.ts';
import { writeTree } from '../../testing/archives.ts';
import { ingestSection, userError, workplace } from '../../testing/workplace.ts';

const folder = await workplace();

interface Json {
  categories: { id: number; name: string }[];
  images: { id: number; file_name: string; height: number; width: number }[];
  annotations: { image_id: number; category_id: number; bbox: number[]; iscrowd?: number; segmentation?: object }[];
}

const train: Json = {
  categories: [
    { id: 7, name: 'zebra' },
    { id: 3, name: 'ant' },
  ],
  images: [
    { id: 90, file_name: '1.jpg', height: 24, width: 24 },
    { id: 20, file_name: '2.jpg', height: 30, width: 30 },
  ],
  annotations: [
    { image_id: 20, category_id: 7, bbox: [0, 0, 30, 12.5], iscrowd: 1 },
    { image_id: 90, category_id: 3, bbox: [1.25, 2, 3, 4], iscrowd: 0 },
    { image_id: 20, category_id: 3, bbox: [5, 6, 7, 8] },
  ],
};
const val: Json = {
  ...train,
  images: [{ id: 1, file_name: '1.jpg', height: 20, width: 20 }],
  annotations: [{ image_id: 1, category_id: 3, bbox: [0, 0, 20, 20] }],
};

let ingests = 0;
const ingestCoco = async (change: (train: Json, val: Json) => void = () => undefined, more: object = {}) => {
  const [changedTrain, changedVal] = structuredClone([train, val]) as [Json, Json];
  change(changedTrain, changedVal);
  const name = `coco-${ingests++}`;
  await writeTree(join(folder, name), {
    'annotations/instances_train2017.json': Buffer.from(JSON.stringify(changedTrain)),
    'annotations/instances_val2017.json': Buffer.from(JSON.stringify(changedVal)),
    'train2017/1.jpg': smallJpeg(1, 24),
    'train2017/2.jpg': smallJpeg(2, 30),
    'val2017/1.jpg': smallJpeg(3, 20),
  });
  return ingestSection(folder, `${name}-made`, { type: 'coco', path: name }, { store: { encoding: 'jpeg' }, ...more });
};

describe('coco', () => {
  it('reads boxes as they are, classes by their numbers, and crowds as difficult', async () => {
    const { folder: made, manifest } = await ingestCoco();
    expect(manifest.classes).toEqual(['ant', 'zebra']);
    expect(Object.keys(manifest.splits)).toEqual(['train', 'val']);
    const dataset = openDataset(made);
    const images = annotatedImages(dataset, 'train');
    expect(images.annotations(0)).toMatchObject({ name: '1', height: 24, width: 24, labels: Int32Array.of(0) });
    expect(images.annotations(0).boxes).toEqual(Float32Array.of(1.25, 2, 4.25, 6));
    const second = images.annotations(1);
    expect(second.boxes).toEqual(Float32Array.of(0, 0, 30, 12.5, 5, 6, 12, 14));
    expect([...second.labels, ...second.difficult, ...second.presence]).toEqual([1, 0, 1, 0, 1, 0]);
    expect(annotatedImages(dataset, 'val').image(0)).toMatchObject({ height: 20, width: 20, mask: undefined });
    await dataset.close();
  });

  it.each<[string, (train: Json, val: Json) => void, RegExp]>([
    ['a missing image', (t) => (t.images[1]!.file_name = '3.jpg'), /names 3\.jpg: it is missing/],
    ['an object in no image', (t) => (t.annotations[0]!.image_id = 5), /the image 5, which is not listed/],
    ['an object of no category', (t) => (t.annotations[0]!.category_id = 5), /the category 5, which is not listed/],
    [
      'categories that differ',
      (_, v) => (v.categories = [{ id: 7, name: 'okapi' }, ...v.categories.slice(1)]),
      /differ in okapi, zebra/,
    ],
    [
      'no list of images',
      (t) => delete (t as Partial<Json>).images,
      /instances_train2017\.json: it has no list of images/,
    ],
    ['no images', (_, v) => (v.images = v.annotations = []), /val2017\.json: it lists no image/],
    [
      'an object without a box',
      (t) => delete (t.annotations[1] as Partial<Json['annotations'][0]>).bbox,
      /\[1\] has no bbox/,
    ],
  ])('refuses %s', async (_, change, message) => {
    expect(await userError(ingestCoco(change))).toMatch(message);
  });

  it.each<[string, (train: Json) => void, string]>([
    [
      'a box outside',
      (t) => (t.annotations[2]!.bbox = [5, 6, 70, 8]),
      'the box of an object called ant lies outside the 30 × 30 pixels of the image',
    ],
    [
      'a box without area',
      (t) => (t.annotations[2]!.bbox = [5, 6, 0, 8]),
      'the box of an object called ant has no area in the image',
    ],
    ['another size', (t) => (t.images[1]!.height = 31), 'is 30 × 30 pixels, its annotation says 31 × 30'],
  ])('leaves out and counts an image with %s', async (_, change, reason) => {
    const { manifest } = await ingestCoco(change, { quarantine: { atMost: 0.5 } });
    expect(manifest.quarantine).toEqual([{ path: 'train: 2.jpg', reason }]);
  });

  it('refuses JSON that is none, and says how to name files', async () => {
    await writeTree(join(folder, 'bad'), {
      'instances_train.json': Buffer.from('{"images": ['),
      '1.jpg': smallJpeg(1, 8),
    });
    expect(await userError(ingestSection(folder, 'bad-made', { type: 'coco', path: 'bad' }))).toMatch(
      /instances_train\.json: /,
    );
    await writeTree(join(folder, 'unnamed'), { 'labels.json': Buffer.from('{}') });
    expect(await userError(ingestSection(folder, 'unnamed-made', { type: 'coco', path: 'unnamed' }))).toMatch(
      /no instances_<split>\.json[^]*"splits"/,
    );
  });

  it.each<[string, (json: Json) => void, RegExp]>([
    [
      'a box of one number',
      (json) => Object.assign(json.annotations[0]!, { bbox: 6 }),
      /\[0\]\.bbox is no list of four/,
    ],
    [
      'a box of null',
      (json) => Object.assign(json.annotations[1]!, { bbox: null }),
      /annotations\[1\]\.bbox is no list/,
    ],
    [
      'a name of a file that is none',
      (json) => Object.assign(json.images[1]!, { file_name: 3 }),
      /images\[1\]\.file_name is no text/,
    ],
    [
      'a category without a number',
      (json) => Object.assign(json.categories[0]!, { id: 'x' }),
      /categories\[0\]\.id is no number/,
    ],
    ['half a pixel', (json) => Object.assign(json.images[0]!, { height: 0.5 }), /1\.jpg has a size of 0\.5 × 24/],
    ['null for an image', (json) => Object.assign(json.images, { 1: null }), /images\[1\] has no id/],
  ])('refuses %s, and says where it stands', async (_what, change, says) => {
    expect(await userError(ingestCoco(change))).toMatch(says);
  });

  it('takes the files that are named, and refuses an image that two splits share', async () => {
    await writeTree(join(folder, 'named'), {
      'a.json': Buffer.from(JSON.stringify(val)),
      'images/1.jpg': smallJpeg(3, 20),
    });
    const section = { type: 'coco', path: 'named', splits: { train: { annotations: 'a.json' } } };
    expect((await ingestSection(folder, 'named-made', section)).manifest.splits).toMatchObject({ train: { count: 1 } });
    const twice = { ...section, splits: { ...section.splits, test: { annotations: 'a.json' } } };
    expect(await userError(ingestSection(folder, 'twice-made', twice))).toMatch(
      /1\.jpg is listed in train and in test/,
    );
  });

  it.each([
    ['none', {}],
    ['an empty one', { segmentation: [] }],
  ])('leaves out an image with an object that has %s where masks are asked for', async (_, segmentation) => {
    const name = `unsegmented-${Object.keys(segmentation).length}`;
    const polygon = { segmentation: [[0, 0, 20, 0, 20, 10, 0, 10]] };
    const annotations = [
      { ...val.annotations[0], ...polygon },
      { ...val.annotations[0], image_id: 2, ...segmentation },
    ];
    const images = [val.images[0], { ...val.images[0], id: 2, file_name: '2.jpg' }];
    await writeTree(join(folder, name), {
      'instances_train.json': Buffer.from(JSON.stringify({ ...val, images, annotations })),
      '1.jpg': smallJpeg(3, 20),
      '2.jpg': smallJpeg(4, 20),
    });
    const made = await ingestSection(
      folder,
      `${name}-made`,
      { type: 'coco', path: name, masks: true },
      { store: { encoding: 'jpeg' }, quarantine: { atMost: 0.5 } },
    );
    expect(made.manifest.quarantine).toEqual([
      { path: 'train: 2.jpg', reason: 'its annotation has no "segmentation" for an object called ant' },
    ]);
  });

  it('draws no mask of another size than its image has', async () => {
    const segmentation = [[0, 0, 20, 0, 20, 10, 0, 10]];
    await writeTree(join(folder, 'vast'), {
      'instances_train.json': Buffer.from(
        JSON.stringify({
          ...val,
          images: [...val.images, { id: 2, file_name: '2.jpg', height: 16384, width: 16384 }],
          annotations: [1, 2].map((id) => ({ ...val.annotations[0], image_id: id, segmentation })),
        }),
      ),
      '1.jpg': smallJpeg(3, 20),
      '2.jpg': smallJpeg(4, 20),
    });
    const section = { type: 'coco', path: 'vast', masks: true };
    const more = { store: { encoding: 'jpeg' }, quarantine: { atMost: 0.5 } };
    const made = await ingestSection(folder, 'vast-made', section, more);
    const reason = 'is 20 × 20 pixels, its annotation says 16384 × 16384';
    expect(made.manifest.quarantine).toEqual([{ path: 'train: 2.jpg', reason }]);
  });

  it('makes masks of the pixels of objects where they are asked for', async () => {
    await writeTree(join(folder, 'masked'), {
      'instances_train.json': Buffer.from(
        JSON.stringify({
          ...val,
          annotations: [{ ...val.annotations[0], segmentation: [[0, 0, 20, 0, 20, 10, 0, 10]] }],
        }),
      ),
      '1.jpg': smallJpeg(3, 20),
    });
    const section = { type: 'coco', path: 'masked', masks: true };
    const made = await ingestSection(folder, 'masked-made', section, { store: { encoding: 'jpeg' } });
    expect(made.manifest.classes).toEqual(['background', 'ant', 'zebra']);
    const dataset = openDataset(made.folder);
    const image = annotatedImages(dataset, 'train').image(0);
    expect(image.mask).toEqual(Uint8Array.from({ length: 400 }, (_, i) => (i < 200 ? 1 : 0)));
    expect(image.labels).toEqual(Int32Array.of(1));
    await dataset.close();
  });
});
