import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { UserError } from '@selfsup/kit/errors';
import { archiveMembers } from '../archives/archive.ts';
import { openDataset, type Dataset } from '../dataset.ts';
import { jpegEncode } from '../pictures/native/pictures.ts';
import { smoothPixels, writeTree } from '../testing/archives.ts';
import { ingestSection, quietProgress, workplace } from '../testing/workplace.ts';
import { exportImageFolder } from './image-folder.ts';
import { safeNames } from './safe-names.ts';
import { exportWebdataset } from './webdataset.ts';

const folder = await workplace();
let raw: Dataset;
let jpegs: Dataset;
beforeAll(async () => {
  const section = { type: 'shapes', size: 16, channels: 3, train: 60, test: 10 };
  raw = openDataset((await ingestSection(folder, 'raw', section)).folder);
  const files = Object.fromEntries(
    [0, 1, 2, 3].map((i) => [
      `pictures/${i % 2 ? 'cat: big' : 'dog'}/${i}.jpg`,
      jpegEncode({ pixels: smoothPixels(i, 40, 3), height: 40, width: 40, channels: 3 }, 95),
    ]),
  );
  await writeTree(folder, files);
  jpegs = openDataset((await ingestSection(folder, 'jpegs', { type: 'folder', path: 'pictures' })).folder);
});

const options = (dataset: Dataset, to: string, more: object = {}) => ({
  dataset,
  splits: Object.keys(dataset.manifest.splits),
  to: join(folder, to),
  shardBytes: 1e9,
  progress: quietProgress(),
  signal: new AbortController().signal,
  ...more,
});

async function filesOf(tar: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const file of archiveMembers(tar)) files.set(file.path, await file.content());
  return files;
}

describe('exportWebdataset', () => {
  it('writes raw images as PNG with class and facts, to shards that are full and the same each time', async () => {
    const paths = await exportWebdataset(options(raw, 'shards', { shardBytes: 4000 }));
    expect(paths.filter((path) => path.includes('train-')).length).toBeGreaterThan(2);
    const all = new Map<string, Buffer>();
    for (const path of paths.filter((one) => one.includes('train-'))) {
      for (const [name, content] of await filesOf(path)) all.set(name, content);
    }
    expect(all.size).toBe(180);
    const png = await sharp(all.get('00000037.png')).raw().toBuffer();
    expect(png).toEqual(Buffer.from(raw.image('train', 37)));
    expect(all.get('00000037.cls')!.toString()).toBe('7');
    expect(JSON.parse(all.get('00000037.json')!.toString())).toMatchObject({
      label: 7,
      height: 16,
      width: 16,
      path: 'train/37',
    });
    const again = await exportWebdataset(options(raw, 'again', { shardBytes: 4000 }));
    for (const [i, path] of again.entries()) expect(await readFile(path)).toEqual(await readFile(paths[i]!));
    const facts = JSON.parse(await readFile(join(folder, 'shards/dataset.json'), 'utf8')) as { classes: string[] };
    expect(facts.classes).toEqual(raw.manifest.classes);
  });

  it('leaves no shards of an earlier export behind, and is not mixed with another dataset', async () => {
    const small = await exportWebdataset(options(raw, 'twice', { shardBytes: 4000, splits: ['train'] }));
    expect(small.length).toBeGreaterThan(2);
    await writeFile(join(folder, 'twice/mine-000009.tar'), '');
    await exportWebdataset(options(raw, 'twice', { splits: ['train'] }));
    expect((await readdir(join(folder, 'twice'))).sort()).toEqual([
      'dataset.json',
      'mine-000009.tar',
      'train-000000.tar',
    ]);
    for (const write of [exportWebdataset, exportImageFolder]) {
      const error = await write(options(jpegs, 'twice')).catch((thrown: unknown) => thrown);
      expect((error as UserError).describe()).toMatch(/holds an export of something else[^]*dataset\.json[^]*--to/);
    }
  });

  it('keeps the bytes of stored JPEGs', async () => {
    const [path] = await exportWebdataset(options(jpegs, 'jpeg-shards'));
    const stored = jpegs.withJpeg('train', 2, (one) => Buffer.from(one.jpeg));
    expect((await filesOf(path!)).get('00000002.jpg')).toEqual(stored);
  });

  it('leaves nothing half-written when it is stopped', async () => {
    const controller = new AbortController();
    let advanced = 0;
    const phase = () => ({ advance: () => void (++advanced === 25 && controller.abort()), done: () => undefined });
    const work = options(raw, 'stopped', { progress: { ...quietProgress(), phase }, signal: controller.signal });
    await expect(exportWebdataset(work)).rejects.toThrow(/stopped/);
    // whole before it was stopped
    expect((await readdir(join(folder, 'stopped'))).sort()).toEqual(['dataset.json', 'test-000000.tar']);
  });
});

describe('safeNames', () => {
  it('keeps names apart that differ in signs, case, accents or length alone', () => {
    expect(safeNames(['C#', 'C++', 'c_', 'C', 'c'])).toEqual(['C_ (2)', 'C_ (3)', 'c_', 'C', 'c (2)']);
    expect(safeNames(['a/b', 'a:b', '..', '.', ''])).toEqual(['a_b', 'a_b (2)', '_', '_ (2)', '_ (3)']);
    expect(safeNames(['NUL', 'com1.x', 'null'])).toEqual(['_NUL', '_com1.x', 'null']);
    const [one, other] = safeNames(['é', 'e\u0301']);
    expect([one, other]).toEqual(['é', 'é (2)']);
    const long = safeNames(['ä'.repeat(300) + '1', 'ä'.repeat(300) + '2']);
    expect(long).toEqual(['ä'.repeat(100), `${'ä'.repeat(100)} (2)`]);
  });
});

describe('exportImageFolder', () => {
  it('keeps classes apart whose names differ in signs or case alone', async () => {
    const picture = jpegEncode({ pixels: smoothPixels(1, 20, 3), height: 20, width: 20, channels: 3 }, 95);
    const names = ['C#', 'C++', 'c_'];
    await writeTree(folder, Object.fromEntries(names.map((name) => [`code/${name}/${'x'.repeat(240)}.jpg`, picture])));
    const { folder: lmdb } = await ingestSection(folder, 'code-set', { type: 'folder', path: 'code' });
    const code = openDataset(lmdb);
    await exportImageFolder(options(code, 'code-folders'));
    await code.close();
    expect((await readdir(join(folder, 'code-folders/train'))).sort()).toEqual(['C_ (2)', 'C_ (3)', 'c_']);
    const facts = JSON.parse(await readFile(join(folder, 'code-folders/dataset.json'), 'utf8')) as object;
    expect(facts).toMatchObject({ classes: names, folders: ['C_ (2)', 'C_ (3)', 'c_'] });
    const back = await ingestSection(folder, 'code-back', { type: 'folder', path: 'code-folders' });
    expect(back.manifest.splits['train']).toEqual({ count: 3, classCounts: [1, 1, 1] });
  });

  it('writes a folder for each class, whose names any file system takes', async () => {
    await exportImageFolder(options(jpegs, 'folders'));
    expect((await readdir(join(folder, 'folders/train'))).sort()).toEqual(['cat_ big', 'dog']);
    const names = await readdir(join(folder, 'folders/train/cat_ big'));
    expect(names).toEqual(['0 1.jpg', '1 3.jpg']);
    const back = await ingestSection(folder, 'back', { type: 'folder', path: 'folders' });
    expect(back.manifest.splits['train']).toEqual({ count: 4, classCounts: [2, 2] });
    await writeFile(join(folder, 'done'), '');
  });
});

it('refuses a file in the place of the folder above, by name', async () => {
  await writeFile(join(folder, 'in-the-way'), '');
  const to = join(folder, 'in-the-way', 'raw');
  const work = { dataset: raw, splits: ['test'], to, shardBytes: 1e6, progress: quietProgress() };
  const refused = expect.objectContaining({ name: 'UserError', file: to });
  await expect(exportWebdataset({ ...work, signal: new AbortController().signal })).rejects.toEqual(refused);
});
