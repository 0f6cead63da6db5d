import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { readMatFile } from '../../formats/mat-file.ts';
import { jpegEncode } from '../../pictures/native/pictures.ts';
import { smoothPixels, tarOf, writeTree, type Files } from '../../testing/archives.ts';
import { contextIn, ingestSection, userError, workplace } from '../../testing/workplace.ts';
import imagenet from './imagenet.ts';

const folder = await workplace();
const jpeg = (number: number): Buffer =>
  jpegEncode({ pixels: smoothPixels(number, 48, 3), height: 48, width: 48, channels: 3 }, 95);
const wnids = ['n01440764', 'n02119789', 'n07565083'];
const train: Record<string, Record<string, Buffer>> = {};
for (const [label, wnid] of wnids.entries()) {
  train[wnid] = {};
  for (const number of [10026, 9]) train[wnid][`${wnid}_${number}.JPEG`] = jpeg(label * 50 + number);
}
const val = Object.fromEntries([3, 1, 2, 4].map((i) => [`ILSVRC2012_val_0000000${i}.JPEG`, jpeg(500 + i)]));
const truth = '2\n1\n3\n2\n'; // the devkit's own numbers: tench, kit fox, menu, tench

let meta: Buffer;
let devkit: Files;
beforeAll(async () => {
  meta = await readFile(join(import.meta.dirname, 'meta.fixture.mat'));
  devkit = {
    'ILSVRC2012_devkit_t12/data/meta.mat': meta,
    'ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt': Buffer.from(truth),
    'ILSVRC2012_devkit_t12/readme.txt': Buffer.from('x'),
  };
  await writeTree(join(folder, 'archives'), await archives());
  const trees = wnids.flatMap((wnid) =>
    Object.entries(train[wnid]!).map(([name, content]) => [`train/${wnid}/${name}`, content] as const),
  );
  const flat = Object.entries(val).map(([name, content]) => [`val/${name}`, content] as const);
  await writeTree(join(folder, 'extracted'), { ...Object.fromEntries([...trees, ...flat]), ...devkit });
});

async function archives(more: { truth?: string } = {}): Promise<Record<string, Buffer>> {
  const inner: Record<string, Buffer> = {};
  for (const wnid of wnids) inner[`${wnid}.tar`] = await tarOf(train[wnid]!);
  const kit = { ...devkit };
  const list = 'ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt';
  if (more.truth !== undefined) kit[list] = Buffer.from(more.truth);
  return {
    'ILSVRC2012_img_train.tar': await tarOf(inner),
    'ILSVRC2012_img_val.tar': await tarOf(val),
    'ILSVRC2012_devkit_t12.tar.gz': gzipSync(await tarOf(kit)),
  };
}

let ingests = 0;
const ingestPath = (path: string, more: object = {}) =>
  ingestSection(folder, `imagenet-${ingests++}`, { type: 'imagenet', path, ...more });

describe('readMatFile', () => {
  // Written by scipy: bench/oracles/write_devkit.py.
  it.each(['meta', 'meta-plain'])('reads %s', async (name) => {
    const { synsets } = readMatFile(await readFile(join(import.meta.dirname, `${name}.fixture.mat`)));
    expect(synsets).toHaveLength(4);
    expect(synsets![1]).toMatchObject({
      ILSVRC2012_ID: [2],
      WNID: 'n01440764',
      words: 'tench, Tinca tinca',
      children: [],
    });
    expect(synsets![2]).toMatchObject({ gloss: 'a list of dishes — at a restaurant' });
    expect(synsets![3]).toMatchObject({ num_children: [3], children: [1, 2, 3] });
  });

  it('refuses what is no such file or cut off', () => {
    expect(() => readMatFile(Buffer.from('text'))).toThrow(/no MATLAB 5 file/);
    expect(() => readMatFile(meta.subarray(0, meta.length - 60))).toThrow();
  });
});

describe('imagenet', () => {
  it('reads the official archives: a tar of tars, flat validation images, and the devkit', async () => {
    const { folder: made, manifest } = await ingestPath('archives');
    expect(manifest.source.chosen).toBe('ImageNet ILSVRC-2012: train, val');
    expect(manifest.classes).toEqual([
      'n01440764 tench, Tinca tinca',
      'n02119789 kit fox, Vulpes macrotis',
      'n07565083 menu',
    ]);
    const dataset = openDataset(made);
    expect([...dataset.labels('train')]).toEqual([0, 0, 1, 1, 2, 2]);
    expect(dataset.sourcePath('train', 2)).toBe('train/n02119789/n02119789_10026.JPEG');
    // Number 1 is 2 in the ground truth: the tench, which comes first among the sorted wnids.
    expect([...dataset.labels('val')]).toEqual([0, 1, 2, 0]);
    // Smaller than 256 pixels: the bytes are kept.
    const stored = dataset.withJpeg('train', 3, (one) => Buffer.from(one.jpeg));
    expect(stored).toEqual(train['n02119789']!['n02119789_9.JPEG']);
    expect(dataset.withJpeg('val', 2, (one) => Buffer.from(one.jpeg))).toEqual(val['ILSVRC2012_val_00000003.JPEG']);
    await dataset.close();
  });

  it('reads extracted folders to the same dataset, and either split alone', async () => {
    const { digest } = (await ingestPath('archives')).manifest;
    expect((await ingestPath('extracted')).manifest.digest).toBe(digest);
    expect(Object.keys((await ingestPath('archives', { splits: ['val'] })).manifest.splits)).toEqual(['val']);
    await writeTree(join(folder, 'folders-only'), {
      'train/n01440764/a.JPEG': jpeg(1),
      'val/n01440764/b.JPEG': jpeg(2),
    });
    const { manifest } = await ingestPath('folders-only');
    expect([manifest.classes, manifest.splits['val']!.count]).toEqual([['n01440764'], 1]);
  });

  it('refuses labels that do not fit the images', async () => {
    await writeTree(join(folder, 'few'), await archives({ truth: '2\n1\n3\n' }));
    expect(await userError(ingestPath('few'))).toMatch(/ground truth has 3 rows for 4 validation images/);
    await writeTree(join(folder, 'odd'), await archives({ truth: '2\n1\n77\n2\n' }));
    expect(await userError(ingestPath('odd'))).toMatch(/line 3 is no class: "77"/);
    await writeTree(join(folder, 'unlabelled'), { 'ILSVRC2012_img_val.tar': await tarOf(val) });
    expect(await userError(ingestPath('unlabelled'))).toMatch(/without the devkit[^]*ILSVRC2012_devkit_t12/);
    const stranger = {
      ...(await archives()),
      'ILSVRC2012_img_train.tar': await tarOf({ 'n00000001.tar': await tarOf({ 'a.JPEG': jpeg(1) }) }),
    };
    await writeTree(join(folder, 'stranger'), stranger);
    expect(await userError(ingestPath('stranger'))).toMatch(/n00000001\/a\.JPEG belongs to a synset/);
  });

  it('refuses archives that are cut off or something else before it decodes anything', async () => {
    const whole = (await archives())['ILSVRC2012_img_train.tar']!;
    await writeTree(join(folder, 'cut'), { 'ILSVRC2012_img_train.tar': whole.subarray(0, whole.length - 3000) });
    expect(await userError(ingestPath('cut'))).toMatch(/cut off[^]*ILSVRC2012_img_train\.tar/);
    await writeTree(join(folder, 'other'), { 'ILSVRC2012_img_train.tar': await tarOf({ 'a.JPEG': jpeg(1) }) });
    expect(await userError(ingestPath('other'))).toMatch(/a\.JPEG is no tar of a synset/);
  });

  it('says what to fetch where: a login is needed', async () => {
    await writeFile(join(folder, 'x'), '');
    const look = await imagenet.look(
      imagenet.schema.parse({ type: 'imagenet' }),
      contextIn(folder, { dataFolder: folder }),
    );
    expect(look).toMatchObject({ missing: /without a login/, remedy: /image-net\.org[^]*md5 1d675b47/ });
    expect(await userError(ingestPath('.'))).toMatch(/ILSVRC2012_img_train\.tar and ILSVRC2012_img_val\.tar not found/);
    const found = await imagenet.look(
      imagenet.schema.parse({ type: 'imagenet' }),
      contextIn(folder, { dataFolder: join(folder, 'archives') }),
    );
    expect(found).toMatchObject({ found: { settings: { splits: ['train', 'val'] } } });
  });
});
