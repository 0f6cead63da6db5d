import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { classColour } from '../../formats/class-colours.ts';
import { annotatedImages } from '../../loading/annotated-images.ts';
import { smallJpeg, vocFiles, vocXml, type SmallImage } from '../../testing/annotated.ts';
import { tarOf, writeTree } from '../../testing/archives.ts';
import { ingestSection, userError, workplace } from '../../testing/workplace.ts';
import { readVocMask } from './mask.ts';
import voc from './voc.ts';

const folder = await workplace();
const square = (side: number, label: number): Uint8Array =>
  Uint8Array.from({ length: side * side }, (_, i) => (i % side < side / 2 ? 0 : label));

const images: SmallImage[] = [
  {
    ...{ name: 'a lake-1', split: 'train', side: 24 },
    objects: [
      ['boat', 1, 2, 10, 12],
      ['ice &amp; snow', 3, 3, 24, 24, 1],
    ],
  },
  {
    ...{ name: 'b.2', split: 'train', side: 32 },
    objects: [
      ['ice &amp; snow', 1, 1, 32, 32, 1],
      ['boat', 2, 2, 3, 3, 1],
    ],
  },
  { name: 'c', split: 'test', side: 20, objects: [] },
];

let ingests = 0;
const ingestOwn = async (files: Record<string, Buffer>, section: object = {}, more: object = {}) => {
  const name = `own-${ingests++}`;
  await writeTree(join(folder, name), files);
  return ingestSection(
    folder,
    `${name}-made`,
    { type: 'voc', path: name, task: 'detection', ...section },
    { store: { encoding: 'jpeg' }, ...more },
  );
};

describe("a dataset of one's own in VOC's layout", () => {
  it('has the classes of its objects, its own names and sizes, and presence by its objects', async () => {
    const { folder: made, manifest } = await ingestOwn(vocFiles(images), { task: 'classification' });
    expect(manifest.classes).toEqual(['boat', 'ice & snow']);
    expect(manifest.source.chosen).toBe("mine in VOC's layout, classification: train, test");
    expect(manifest.warnings).toContainEqual({
      kind: 'class-without-test-images',
      message: '2 of 2 classes have no object in test: boat, ice & snow.',
    });
    const dataset = openDataset(made);
    const train = annotatedImages(dataset, 'train');
    expect([train.annotations(0).name, train.annotations(1).name]).toEqual(['a lake-1', 'b.2']);
    expect([...train.annotations(0).presence, ...train.annotations(1).presence]).toEqual([1, 0, 0, 0]);
    expect([...annotatedImages(dataset, 'test').annotations(0).presence]).toEqual([-1, -1]);
    await dataset.close();
  });

  it('reads an archive, and one dataset of several in it by its folder', async () => {
    const both = { ...vocFiles(images, 'all/lakes'), ...vocFiles(images.slice(0, 2), 'all/ponds') };
    await writeFile(join(folder, 'both.tar'), await tarOf(both));
    const ingestTar = (more: object) =>
      ingestSection(folder, `tar-${ingests++}`, { type: 'voc', task: 'detection', path: 'both.tar', ...more });
    expect(await userError(ingestTar({}))).toMatch(/Several datasets[^]*all\/lakes, all\/ponds[^]*"folder"/);
    expect((await ingestTar({ folder: 'ponds' })).manifest.splits).toMatchObject({ train: { count: 2 } });
    expect(await userError(ingestTar({ folder: 'seas' }))).toMatch(/Nothing in VOC's layout lies here/);
  });

  it('takes the lists that are named, official masks before those of SBD, and refuses lists that share an image', async () => {
    const masks = images.map((image) => ({ ...image, mask: square(image.side, 2) }));
    const files = vocFiles(masks);
    files['mine/ImageSets/Segmentation/trainaug.txt'] = Buffer.from('a lake-1\nextra\n');
    files['mine/JPEGImages/extra.png'] = await sharp(smallJpeg(7, 16)).png().toBuffer();
    files['mine/SegmentationClassAug/extra.png'] = vocFiles([{ name: 'x', split: 'x', side: 16, mask: square(16, 1) }])[
      'mine/SegmentationClass/x.png'
    ]!;
    files['mine/SegmentationClassAug/a lake-1.png'] = files['mine/SegmentationClassAug/extra.png'];
    const section = { task: 'segmentation', classes: ['background', 'boat', 'ice & snow'] };
    const { folder: made } = await ingestOwn(files, { ...section, splits: ['trainaug', 'test'] });
    const dataset = openDataset(made);
    const trained = annotatedImages(dataset, 'trainaug');
    expect([0, 1].map((i) => Math.max(...trained.image(i).mask!))).toEqual([2, 1]);
    expect(trained.annotations(0).labels).toEqual(Int32Array.of(1, 2));
    await dataset.close();
    expect(await userError(ingestOwn(files, { ...section, splits: ['train', 'trainaug'] }))).toMatch(
      /a lake-1 is listed in train and in trainaug[^]*share no image/,
    );
  });

  it('leaves out what is named, and says so', async () => {
    await writeFile(join(folder, 'tested-elsewhere.txt'), 'b.2\nnobody\n');
    const { manifest } = await ingestOwn(vocFiles(images), { leaveOut: 'tested-elsewhere.txt' });
    expect(manifest.splits).toMatchObject({ train: { count: 1 }, test: { count: 1 } });
    expect(manifest.source.config).toMatchObject({ leaveOut: ['b.2', 'nobody'] });
    expect(manifest.reading?.passedOver).toEqual([
      { reason: 'named in leaveOut', ending: '', count: 1, example: 'b.2' },
    ]);
    expect(await userError(ingestOwn(vocFiles(images), { leaveOut: 'gone.txt' }))).toMatch(
      /names to leave out cannot be read[^]*gone\.txt[^]*leaveOut/,
    );
  });

  it('needs no annotations where there are masks', async () => {
    const files = vocFiles(images.map(({ objects: _, ...image }) => ({ ...image, mask: square(image.side, 1) })));
    const { folder: made, manifest } = await ingestOwn(files, { task: 'segmentation', classes: ['road', 'sky'] });
    expect(manifest.warnings ?? []).toEqual([]);
    const dataset = openDataset(made);
    expect(annotatedImages(dataset, 'test').image(0)).toMatchObject({ mask: square(20, 1), labels: new Int32Array() });
    await dataset.close();
  });

  it.each<[string, (files: Record<string, Buffer>) => void, object, RegExp]>([
    [
      'an empty list',
      (f) => (f['mine/ImageSets/Main/test.txt'] = Buffer.from('\n')),
      {},
      /test\.txt: it names no image/,
    ],
    [
      'a class that is tested and not trained on',
      (f) => (f['mine/Annotations/c.xml'] = vocXml(20, [['baot', 1, 1, 5, 5]])),
      {},
      /baot: objects are called so in test[^]*list all "classes"/,
    ],
    [
      'a name that is listed twice',
      (f) => (f['mine/ImageSets/Main/test.txt'] = Buffer.from('c\nc\n')),
      {},
      /c is listed twice in test/,
    ],
    [
      'no lists',
      (f) => ['train', 'test'].forEach((s) => delete f[`mine/ImageSets/Main/${s}.txt`]),
      {},
      /no lists of splits/,
    ],
    [
      'a path in a list',
      (f) => (f['mine/ImageSets/Main/test.txt'] = Buffer.from('../c\n')),
      {},
      /line 1 is no name of an image: "\.\.\/c"/,
    ],
  ])('refuses %s', async (_, spoil, section, message) => {
    const files = vocFiles(images);
    spoil(files);
    expect(await userError(ingestOwn(files, section))).toMatch(message);
  });

  it.each<[string, (files: Record<string, Buffer>) => void, object, RegExp]>([
    ['damaged XML', (f) => (f['mine/Annotations/c.xml'] = Buffer.from('<annotation><si')), {}, /c\.xml: /],
    ['empty XML', (f) => (f['mine/Annotations/c.xml'] = Buffer.of()), {}, /c\.xml: is empty/],
    [
      'a box outside the image, whose XML says no size',
      (f) => (f['mine/Annotations/c.xml'] = Buffer.from(vocXml(0, [['boat', 5, 5, 40, 10]]))),
      {},
      /the box of an object lies outside the 20 × 20/,
    ],
    [
      'a box of which only the pixel beyond the edge is left',
      (f) => (f['mine/Annotations/c.xml'] = Buffer.from(vocXml(20, [['boat', 21, 5, 21, 10]]))),
      {},
      /c\.xml: the box of a boat has no area in the image/,
    ],
    [
      'an image of another size than its annotation says',
      (f) => (f['mine/Annotations/c.xml'] = vocXml(30, [['boat', 1, 1, 10, 10]])),
      {},
      /is 20 × 20 pixels, its annotation says 30 × 30/,
    ],
    [
      'a class that is not listed',
      () => undefined,
      { classes: ['ice & snow'] },
      /"boat" is none of the 1 "classes" in dataset\.json/,
    ],
  ])('leaves out and counts %s', async (_, spoil, section, reason) => {
    const files = vocFiles(images);
    spoil(files);
    const { manifest } = await ingestOwn(files, section, { quarantine: { atMost: 0.7 } });
    expect(manifest.quarantine[0]!.reason).toMatch(reason);
    const left = Object.values(manifest.splits).reduce((sum, { count }) => sum + count, 0);
    expect(left + manifest.quarantine.length).toBe(3);
  });

  it.each<[string, Buffer, RegExp]>([
    ['an image that is cut off, not its mask', smallJpeg(1, 20).subarray(0, 60), /^cannot be decoded/],
    ['a mask that is cut off', smallJpeg(1, 20), /^its mask is cut off/],
  ])('names %s', async (what, jpeg, reason) => {
    const masked = images.map((image) => ({ ...image, mask: square(image.side, 1) }));
    const files: Record<string, Buffer> = { ...vocFiles(masked), 'mine/JPEGImages/c.jpg': jpeg };
    const png = files['mine/SegmentationClass/c.png']!;
    if (what.startsWith('a mask')) files['mine/SegmentationClass/c.png'] = png.subarray(0, png.length - 30);
    const section = { task: 'segmentation', classes: ['background', 'boat', 'ice & snow'] };
    const { manifest } = await ingestOwn(files, section, { quarantine: { atMost: 0.5 } });
    expect(manifest.quarantine).toEqual([
      { path: 'test: JPEGImages/c.jpg', reason: expect.stringMatching(reason) as string },
    ]);
  });

  it('says what is damaged in one line, signs that steer a terminal written out', async () => {
    const files = { ...vocFiles(images), 'mine/Annotations/c.xml': Buffer.from('\u001b<annotation/>') };
    const refused = await userError(ingestOwn(files, {}, { quarantine: { atMost: 0 } }));
    expect(refused).toContain("JPEGImages/c.jpg: its Annotations/c.xml: char '\\x1b'");
  });

  it('asks for what it cannot know', () => {
    const issues = (section: object) => voc.schema.safeParse({ type: 'voc', ...section }).error?.issues[0];
    expect(issues({})).toMatchObject({ path: ['path'] });
    expect(issues({ path: 'x', task: 'segmentation' })).toMatchObject({ path: ['classes'] });
    expect(issues({ path: 'x', classes: ['a', 'a'] })).toMatchObject({ path: ['classes'] });
    expect(issues({ year: '2012', task: 'segmentation' })).toBeUndefined();
  });
});

describe('masks in colours', () => {
  const pngOf = (colours: readonly (readonly number[])[]): Promise<Buffer> =>
    sharp(Uint8Array.from(colours.flat()), { raw: { width: colours.length, height: 1, channels: 3 } })
      .png()
      .toBuffer();
  const size = { height: 1, width: 3 };

  // The first colours of VOC's map, as published.
  it('are read by the colours of VOC, and refused with others', async () => {
    expect([1, 2, 3, 8, 20, 255].map(classColour)).toEqual([
      ...[[128, 0, 0], [0, 128, 0], [128, 128, 0], [64, 0, 0], [0, 64, 128], [224, 224, 192]],
    ]); // prettier-ignore
    const good = await pngOf([[0, 0, 0], [128, 0, 0], [224, 224, 192]]); // prettier-ignore
    expect(readVocMask(good, size, 2).classes).toEqual(Uint8Array.of(0, 1, 255));
    const odd = await pngOf([[0, 0, 0], [0, 128, 0], [1, 2, 3]]); // prettier-ignore
    expect(() => readVocMask(odd, size, 3)).toThrow(/the colour 1, 2, 3, which is that of no class/);
    expect(() => readVocMask(odd, size, 2)).toThrow(/the colour 0, 128, 0/);
  });

  it('in grey are read by their values', async () => {
    const grey = await sharp(Uint8Array.of(0, 1, 255), { raw: { width: 3, height: 1, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect(readVocMask(grey, size, 2).classes).toEqual(Uint8Array.of(0, 1, 255));
  });
});
