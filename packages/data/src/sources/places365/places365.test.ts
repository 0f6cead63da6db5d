import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { jpegEncode } from '../../pictures/native/pictures.ts';
import { smoothPixels, tarOf, writeTree } from '../../testing/archives.ts';
import { contextIn, ingestSection, userError, workplace } from '../../testing/workplace.ts';
import places365 from './places365.ts';

const folder = await workplace();
const jpeg = (number: number): Buffer =>
  jpegEncode({ pixels: smoothPixels(number, 32, 3), height: 32, width: 32, channels: 3 }, 95);
const train = {
  'a/airfield/00000001.jpg': jpeg(1),
  'a/apartment_building/outdoor/00000001.jpg': jpeg(2),
  'z/zen_garden/00000009.jpg': jpeg(3),
};
const val = { 'Places365_val_00000001.jpg': jpeg(4), 'Places365_val_00000002.jpg': jpeg(5) };
const lists = {
  'categories_places365.txt': '/a/airfield 0\n/a/apartment_building/outdoor 1\n/z/zen_garden 2\n',
  'places365_train_standard.txt':
    '/a/airfield/00000001.jpg 0\n/z/zen_garden/00000009.jpg 2\n/a/apartment_building/outdoor/00000001.jpg 1\n',
  'places365_val.txt': 'Places365_val_00000001.jpg 2\nPlaces365_val_00000002.jpg 0\n',
};
const under = (root: string, files: Record<string, Buffer>) =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${root}/${path}`, content]));
const listFiles = (more: object = {}) =>
  Object.fromEntries(Object.entries({ ...lists, ...more }).map(([name, text]) => [name, Buffer.from(text as string)]));
const archives = async (more: object = {}) => ({
  'filelist_places365-standard.tar': await tarOf(listFiles(more)),
  'train_256_places365standard.tar': await tarOf(under('data_256', train)),
  'val_256.tar': await tarOf(under('val_256', val)),
});

beforeAll(async () => {
  await writeTree(join(folder, 'places365'), await archives());
  await writeTree(join(folder, 'extracted'), {
    ...under('data_256_standard', train),
    ...under('val_256', val),
    ...listFiles(),
  });
});

let ingests = 0;
const ingestPath = (path: string, more: object = {}) =>
  ingestSection(folder, `places-${ingests++}`, { type: 'places365', path, ...more });

describe('places365', () => {
  it('reads the official tars and the extracted folders to the same dataset', async () => {
    const { folder: made, manifest } = await ingestPath('places365');
    expect(manifest.classes).toEqual(['airfield', 'apartment_building/outdoor', 'zen_garden']);
    const dataset = openDataset(made);
    expect([...dataset.labels('train')]).toEqual([0, 2, 1]);
    expect([...dataset.labels('val')]).toEqual([2, 0]);
    expect(dataset.withJpeg('train', 1, (one) => Buffer.from(one.jpeg))).toEqual(train['z/zen_garden/00000009.jpg']);
    await dataset.close();
    expect((await ingestPath('extracted')).manifest.digest).toBe(manifest.digest);
    const look = await places365.look(
      places365.schema.parse({ type: 'places365' }),
      contextIn(folder, { dataFolder: folder }),
    );
    expect(look).toMatchObject({ found: { chosen: 'Places365-Standard, small images: train, val' } });
  });

  it('refuses lists with too many rows, odd rows or unknown classes', async () => {
    const wrong = async (name: string, more: object) => {
      await writeTree(join(folder, name), await archives(more));
      return userError(ingestPath(name));
    };
    const more = { 'places365_val.txt': `${lists['places365_val.txt']}Places365_val_00000003.jpg 1\n` };
    expect(await wrong('more', more)).toMatch(/1 of 3 listed images are missing, such as Places365_val_00000003\.jpg/);
    expect(await wrong('odd', { 'places365_val.txt': 'Places365_val_00000001.jpg\n' })).toMatch(
      /places365_val\.txt: line 1/,
    );
    expect(await wrong('high', { 'places365_val.txt': 'Places365_val_00000001.jpg 3\n' })).toMatch(
      /line 1 has the class 3 of 3/,
    );
    const absurd = { 'categories_places365.txt': '/a/abbey 0\n/z/zoo 4294967290\n' };
    expect(await wrong('absurd', absurd)).toMatch(/categories_places365\.txt: no line is of the class 1, but some are/);
  });

  it('says what to fetch', async () => {
    expect(await userError(ingestPath('places365', { images: 'large' }))).toMatch(/train_large_places365standard\.tar/);
    const look = await places365.look(places365.schema.parse({ type: 'places365' }), contextIn(folder));
    expect(look).toMatchObject({ missing: /downloading is off/, remedy: /"download" to true/ });
  });
});

describe('places205', () => {
  it('reads the official archives', async () => {
    const images = { 'a/abbey/gsun_1.jpg': jpeg(7), 'y/yard/gsun_2.jpg': jpeg(8), 'a/abbey/gsun_3.jpg': jpeg(9) };
    const csv = {
      'trainvalsplit_places205/train_places205.csv': Buffer.from('a/abbey/gsun_1.jpg 0\ny/yard/gsun_2.jpg 1\n'),
      'trainvalsplit_places205/val_places205.csv': Buffer.from('a/abbey/gsun_3.jpg 0\n'),
    };
    await writeTree(join(folder, 'places205'), {
      'imagesPlaces205_resize.tar.gz': gzipSync(
        await tarOf(under('data/vision/torralba/deeplearning/images256', images)),
      ),
      'trainvalsplit_places205.tar.gz': gzipSync(await tarOf(csv)),
    });
    const section = { type: 'places205', path: 'places205' };
    const { folder: made, manifest } = await ingestSection(folder, 'made-205', section);
    expect([manifest.classes, manifest.splits['train']!.count, manifest.splits['val']!.count]).toEqual([
      ['abbey', 'yard'],
      2,
      1,
    ]);
    const dataset = openDataset(made);
    expect(dataset.withJpeg('train', 1, (one) => Buffer.from(one.jpeg))).toEqual(images['y/yard/gsun_2.jpg']);
    await dataset.close();
    await writeTree(join(folder, 'absurd205'), {
      ...Object.fromEntries(Object.entries(images).map(([name, content]) => [`images256/${name}`, content])),
      ...csv,
      'trainvalsplit_places205/val_places205.csv': Buffer.from('a/abbey/gsun_3.jpg 4294967290\n'),
    });
    const absurd = ingestSection(folder, 'no-205', { type: 'places205', path: 'absurd205' });
    expect(await userError(absurd)).toMatch(/no line is of the class 2, but some are of later ones/);
    await writeTree(join(folder, 'empty205'), { 'x.txt': Buffer.from('x') });
    const nothing = ingestSection(folder, 'none-205', { type: 'places205', path: 'empty205' });
    expect(await userError(nothing)).toMatch(/no imagesPlaces205_resize\.tar\.gz[^]*downloadData/);
  });
});
