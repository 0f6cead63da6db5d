import { appendFile, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset, type Dataset } from '../dataset.ts';
import { annotatedImages } from '../loading/annotated-images.ts';
import { publishedBoxes, vocFiles, type SmallImage } from '../testing/annotated.ts';
import { writeTree } from '../testing/archives.ts';
import { ingestSection, quietProgress, workplace } from '../testing/workplace.ts';
import { openProposals, sealProposals, writeProposals } from './proposal-files.ts';
import { readPublishedBoxes } from './published.ts';
import { searchDataset } from './search.ts';
import { selectiveSearch, type SearchSettings } from './selective-search.ts';

const folder = await workplace();

describe('files of proposals', () => {
  const [one, none, two] = [
    Float32Array.of(0, 1, 2, 3.5),
    new Float32Array(),
    Float32Array.of(4, 5, 6, 7, 8, 9, 10, 11),
  ];

  it('give back the boxes of each image, and go on after the last that is whole', async () => {
    const to = join(folder, 'files');
    const writer = await writeProposals(to, 'train');
    for (const boxes of [one, none, two]) writer.append(boxes);
    writer.close();
    await sealProposals(to, { dataset: 'd', splits: { train: 3 } });
    const proposals = openProposals(to, 'd');
    expect([0, 1, 2].map((i) => proposals.boxes('train', i))).toEqual([one, none, two]);
    expect([proposals.count('train'), proposals.count('test')]).toEqual([3, 0]);
    expect(proposals.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(() => proposals.boxes('train', 3)).toThrow(RangeError);
    expect(() => proposals.boxes('test', 0)).toThrow(/no proposals of split "test"/);
    proposals.close();
    expect(() => openProposals(to, 'other')).toThrow(/of another dataset/);
    expect(() => openProposals(folder, 'd')).toThrow(/No whole set of proposals/);

    // A kill while the third was written: some of its boxes are missing, or its count is cut.
    await truncate(join(to, 'train.boxes'), 40);
    const again = await writeProposals(to, 'train');
    expect(again.done).toBe(2);
    again.append(two);
    again.close();
    await appendFile(join(to, 'train.counts'), Buffer.of(9, 0));
    const third = await writeProposals(to, 'train');
    expect(third.done).toBe(3);
    third.close();
    expect((await readFile(join(to, 'train.counts'))).length).toBe(12);
  });
});

const settings: SearchSettings = {
  colours: ['lab'],
  k: [20],
  similarities: ['colour-texture-size-fill'],
  sigma: 0.8,
  width: 64,
  leastSide: 4,
  seed: 1,
};

describe('selectiveSearch', () => {
  /** A grey picture with two squares. */
  const pixels = Uint8Array.from({ length: 90 * 120 * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % 120, Math.floor(i / 360), i % 3];
    if (x >= 12 && x < 48 && y >= 15 && y < 51) return c === 0 ? 220 : 40;
    return x >= 72 && x < 108 && y >= 30 && y < 84 ? (c === 2 ? 230 : 60) : 128;
  });
  const picture = { pixels, height: 90, width: 120, channels: 3 };

  it('proposes a box around what stands out, in pixels of the picture itself, each once', () => {
    const boxes = selectiveSearch(picture, 'squares', { ...settings, width: 60 });
    const rows = Array.from({ length: boxes.length / 4 }, (_, i) => [...boxes.subarray(4 * i, 4 * i + 4)]);
    expect(new Set(rows.map(String)).size).toBe(rows.length);
    const near = (wanted: number[]): boolean =>
      rows.some((row) => row.every((edge, i) => Math.abs(edge - wanted[i]!) <= 4));
    expect([near([12, 15, 48, 51]), near([72, 30, 108, 84]), near([0, 0, 120, 90])]).toEqual([true, true, true]);
    for (const [left, top, right, bottom] of rows)
      expect(Math.min(right! - left!, bottom! - top!)).toBeGreaterThanOrEqual(8);
  });

  it('puts them in an order that is a function of seed and name', () => {
    const of = (name: string, seed: number) => [...selectiveSearch(picture, name, { ...settings, seed })];
    expect(of('a', 1)).toEqual(of('a', 1));
    expect(of('b', 1)).not.toEqual(of('a', 1));
    expect([...of('a', 2)].sort()).toEqual([...of('a', 1)].sort());
  });
});

describe('searchDataset', () => {
  let dataset: Dataset;
  beforeAll(async () => {
    const images = ['1', '2', '3', '4', '5'].map((name, i): SmallImage => ({
      name,
      split: i < 3 ? 'train' : 'test',
      side: 40 + 8 * i,
      objects: [],
    }));
    await writeTree(join(folder, 'tree'), vocFiles(images));
    const section = { type: 'voc', path: 'tree', task: 'detection', classes: ['cat'] };
    const { folder: lmdb } = await ingestSection(folder, 'dataset', section, { store: { encoding: 'jpeg' } });
    dataset = openDataset(lmdb);
  });

  it('searches each image, and stopped and gone on with has the same bytes', async () => {
    const search = (to: string, signal = new AbortController().signal) =>
      searchDataset({
        ...{ dataset, splits: ['train', 'test'], settings, folder: join(folder, to) },
        ...{ images: Infinity, progress: quietProgress(), signal },
      });
    await search('whole');
    const proposals = openProposals(join(folder, 'whole'), dataset.manifest.digest);
    const { name, pixels, height, width } = annotatedImages(dataset, 'train').image(2);
    expect(proposals.boxes('train', 2)).toEqual(
      selectiveSearch({ pixels, height, width, channels: 3 }, name, settings),
    );
    expect([proposals.count('train'), proposals.count('test')]).toEqual([3, 2]);
    proposals.close();
    await expect(search('parts', AbortSignal.abort())).rejects.toMatchObject({ name: 'Interrupted' });
    await search('parts');
    for (const file of ['train.boxes', 'train.counts', 'test.boxes', 'test.counts', 'proposals.json']) {
      expect(await readFile(join(folder, 'parts', file))).toEqual(await readFile(join(folder, 'whole', file)));
    }
    await dataset.close();
  });
});

describe('readPublishedBoxes', () => {
  it('reads cells of boxes by the names of their images, rows of top, left, bottom, right from 1', async () => {
    const file = await readFile(publishedBoxes);
    const boxes = readPublishedBoxes(file);
    expect([...boxes.keys()]).toEqual(['000004', '001551']);
    expect(boxes.get('000004')).toEqual(Float32Array.of(0, 9, 40, 30, 4, 1, 5, 2));
    expect(boxes.get('001551')).toEqual(Float32Array.of(2, 0, 500, 375));
  });

  it('refuses what is no such file', async () => {
    const file = await readFile(publishedBoxes);
    expect(() => readPublishedBoxes(Buffer.from('no'))).toThrow(/no MATLAB 5 file/);
    expect(() => readPublishedBoxes(file.subarray(0, file.length - 20))).toThrow();
  });
});
