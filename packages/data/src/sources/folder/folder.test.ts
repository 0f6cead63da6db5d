import { once } from 'node:events';
import { mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { tarOf, writeTree, type Files } from '../../testing/archives.ts';
import { ingestSection, userError, workplace } from '../../testing/workplace.ts';

const folder = await workplace();
const store = { store: { encoding: 'jpeg' as const, shorterSide: 40, quality: 90 } };

async function picture(shade: number, format: 'jpg' | 'png' = 'jpg', width = 60): Promise<Buffer> {
  const image = sharp({ create: { width, height: 50, channels: 3, background: { r: shade, g: 90, b: 10 } } });
  return format === 'jpg' ? image.jpeg().toBuffer() : image.png().toBuffer();
}

let tree: Files;
beforeAll(async () => {
  tree = {
    'train/red/b.jpg': await picture(250),
    'train/red/deep/er/a.png': await picture(240, 'png'),
    'train/dark/c.JPG': await picture(10),
    'val/red/d.jpg': await picture(230, 'jpg', 200),
    'val/dark/e.jpg': await picture(30),
    'train/dark/.DS_Store': Buffer.from('x'),
    'train/notes.txt': Buffer.from('no image'),
    '__MACOSX/train/red/._b.jpg': Buffer.from('x'),
  };
  await writeTree(join(folder, 'tree'), tree);
  await writeFile(join(folder, 'tree.tar'), await tarOf(tree));
  const wrapped = Object.fromEntries(Object.entries(tree).map(([path, content]) => [`my-data/${path}`, content]));
  await writeFile(join(folder, 'tree.tar.gz'), gzipSync(await tarOf(wrapped)));
  await zipOf(join(folder, 'tree.zip'), tree);
});

let zips = 0;
/** Packed by Python, as an independent writer. */
async function zipOf(path: string, files: Files): Promise<void> {
  const from = join(folder, `zip-${zips++}`);
  await writeTree(from, files);
  const script =
    'import os,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],"w",zipfile.ZIP_DEFLATED)\nfor r,_,f in os.walk(sys.argv[2]):\n  for n in f:\n    z.write(os.path.join(r,n),os.path.relpath(os.path.join(r,n),sys.argv[2]))\nz.close()';
  await execa('python3', ['-c', script, path, from]);
}

let ingests = 0;
const ingestPath = (path: string, section: object = {}, more: object = store) =>
  ingestSection(folder, `folder-${ingests++}`, { type: 'folder', path, ...section }, { ...more });

describe('folder', () => {
  it('follows links to folders and files, and names one that leads nowhere', async () => {
    const linked = join(folder, 'linked');
    await mkdir(join(linked, 'train'), { recursive: true });
    await symlink(join(folder, 'tree', 'train', 'red'), join(linked, 'train', 'red'));
    await symlink(join(folder, 'tree', 'train', 'dark'), join(linked, 'train', 'dark'));
    await symlink(join(folder, 'tree', 'val'), join(linked, 'val'));
    await symlink('..', join(linked, 'train', 'dark', 'round'));
    expect((await ingestPath('linked')).manifest.digest).toBe((await ingestPath('tree')).manifest.digest);
    await rm(join(linked, 'train', 'dark', 'round'));
    await symlink('nowhere.jpg', join(linked, 'gone.jpg'));
    expect(await userError(ingestPath('linked'))).toMatch(/gone\.jpg .*leads nowhere/);
  });

  it('refuses a file too large for an image', async () => {
    const huge = join(folder, 'huge');
    await writeTree(huge, { 'a.jpg': await picture(9) });
    await writeFile(join(huge, 'b.jpg'), '');
    await truncate(join(huge, 'b.jpg'), 2 ** 29 + 1); // a hole: it takes no room
    expect(await userError(ingestPath('huge'))).toMatch(/b\.jpg has 536870913 bytes: no image is that large/);
  });

  it('reads splits and classes, and leaves litter out', async () => {
    const { manifest, folder: lmdb } = await ingestPath('tree');
    expect(manifest.classes).toEqual(['dark', 'red']);
    expect(manifest.splits).toEqual({
      train: { count: 3, classCounts: [1, 2] },
      val: { count: 2, classCounts: [1, 1] },
    });
    const dataset = openDataset(lmdb);
    expect(dataset.sourcePath('train', 2)).toBe('train/red/deep/er/a.png');
    expect(dataset.picture('val', 1)).toMatchObject({ height: 40, width: 160 });
    expect(dataset.picture('val', 1).pixels[0]).toBeGreaterThan(220);
    expect(manifest.sizes.width).toEqual({ least: 48, mean: 70.4, greatest: 160 });
    await dataset.close();
  });

  it('gives the same dataset from a folder, a tar, a tar.gz with a folder around it, and a zip', async () => {
    const { digest } = (await ingestPath('tree')).manifest;
    for (const name of ['tree.tar', 'tree.tar.gz', 'tree.zip']) {
      expect([name, (await ingestPath(name)).manifest.digest]).toEqual([name, digest]);
    }
  });

  it('reads classes alone, splits alone, and no folders', async () => {
    const flat = { 'b.jpg': await picture(1), 'a.jpg': await picture(2) };
    await writeTree(join(folder, 'flat'), flat);
    const plain = (await ingestPath('flat')).manifest;
    expect([plain.classes, plain.splits]).toEqual([[], { train: { count: 2, classCounts: [] } }]);
    await writeTree(join(folder, 'classes'), { 'x/1.jpg': flat['a.jpg'], 'y/1.jpg': flat['b.jpg'] });
    expect((await ingestPath('classes')).manifest.classes).toEqual(['x', 'y']);
    await writeTree(join(folder, 'splits'), { 'train/1.jpg': flat['a.jpg'], 'test/1.jpg': flat['b.jpg'] });
    expect(Object.keys((await ingestPath('splits')).manifest.splits)).toEqual(['test', 'train']);
    const asClasses = (await ingestPath('splits', { splits: 'none' })).manifest;
    expect([asClasses.classes, asClasses.splits['train']!.count]).toEqual([['test', 'train'], 2]);
  });

  it('says what to set where the layout can be read in two ways', async () => {
    const one = await picture(9);
    await writeTree(join(folder, 'mixed'), { 'train/a/1.jpg': one, 'other/2.jpg': one });
    expect(await userError(ingestPath('mixed'))).toMatch(/other\/2\.jpg does not[^]*field: +splits/);
    await writeTree(join(folder, 'half'), { 'a/1.jpg': one, '2.jpg': one });
    expect(await userError(ingestPath('half'))).toMatch(/2\.jpg does not[^]*field: +classes/);
    expect((await ingestPath('half', { classes: 'none' })).manifest.splits['train']!.count).toBe(2);
    await writeTree(join(folder, 'texts'), { 'a/1.txt': Buffer.from('x') });
    expect(await userError(ingestPath('texts'))).toMatch(/No images are in here/);
    expect(await userError(ingestPath('nowhere'))).toMatch(/does not exist/);
    await writeFile(join(folder, 'file.rar'), 'x');
    expect(await userError(ingestPath('file.rar'))).toMatch(/Neither a folder nor an archive/);
  });

  it('holds out the same part of each class, by the seed', async () => {
    const files: Record<string, Buffer> = {};
    for (let i = 0; i < 20; i++) files[`${i % 2 ? 'odd' : 'even'}/${i}.jpg`] = await picture(i * 10);
    await writeTree(join(folder, 'many'), files);
    const held = (seed: number) => ingestPath('many', { holdOut: { fraction: 0.25, seed } });
    const first = (await held(1)).manifest;
    expect(first.splits).toEqual({
      train: { count: 16, classCounts: [8, 8] },
      test: { count: 4, classCounts: [2, 2] },
    });
    expect((await held(1)).manifest.digest).toBe(first.digest);
    expect((await held(2)).manifest.digest).not.toBe(first.digest);
  });

  it('holds out no last image of a class, and says which classes are not tested', async () => {
    const files = { 'one/0.jpg': await picture(10), 'two/1.jpg': await picture(20), 'two/2.jpg': await picture(30) };
    await writeTree(join(folder, 'scarce'), files);
    const { manifest } = await ingestPath('scarce', { holdOut: { fraction: 0.9 } });
    expect(manifest.splits).toEqual({
      train: { count: 2, classCounts: [1, 1] },
      test: { count: 1, classCounts: [0, 1] },
    });
    expect(manifest.warnings?.map(({ kind }) => kind)).toEqual(['class-without-test-images']);
    await writeTree(join(folder, 'single'), { 'one/0.jpg': files['one/0.jpg'], 'two/1.jpg': files['two/1.jpg'] });
    expect(await userError(ingestPath('single', { holdOut: { fraction: 0.5 } }))).toMatch(/field: +holdOut/);
  });

  it('leaves damaged files out with the reason and says how many', async () => {
    const damaged = {
      ...tree,
      'train/red/text.jpg': Buffer.from('this is text'),
      'train/red/empty.png': Buffer.alloc(0),
      'train/red/cut.jpg': tree['train/red/b.jpg']!.subarray(0, 200),
    };
    await writeTree(join(folder, 'damaged'), damaged);
    expect(await userError(ingestPath('damaged'))).toMatch(/3 of 8 images are damaged/);
    const { manifest } = await ingestPath('damaged', {}, { ...store, quarantine: { atMost: 0.5 } });
    expect(manifest.quarantine.map(({ path }) => path)).toEqual([
      'train: train/red/cut.jpg',
      'train: train/red/empty.png',
      'train: train/red/text.jpg',
    ]);
    expect(manifest.splits['train']!.count).toBe(3);
  });

  it('refuses archives that are cut off, lead out of themselves or are bombs', async () => {
    const zip = await readFile(join(folder, 'tree.zip'));
    await writeFile(join(folder, 'cut.zip'), zip.subarray(0, zip.length - 100));
    expect(await userError(ingestPath('cut.zip'))).toMatch(/cut off or damaged[^]*cut\.zip/);
    const spoilt = Buffer.from(zip);
    const content = spoilt.indexOf('train/red/b.jpg') + 'train/red/b.jpg'.length;
    spoilt.fill(0xff, content, content + 100);
    await writeFile(join(folder, 'spoilt.zip'), spoilt);
    expect(await userError(ingestPath('spoilt.zip'))).toMatch(/cut off or damaged: train\/red\/b\.jpg:[^]*spoilt\.zip/);

    const tar = pack();
    tar.entry({ name: 'a/../../evil.jpg' }, tree['train/red/b.jpg']!);
    tar.finalize();
    const parts: Buffer[] = [];
    for await (const part of tar) parts.push(part as Buffer);
    await writeFile(join(folder, 'evil.tar.gz'), gzipSync(Buffer.concat(parts)));
    expect(await userError(ingestPath('evil.tar.gz'))).toMatch(/leads out of it[^]*evil\.tar\.gz/);
    const script =
      'import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],"w",zipfile.ZIP_DEFLATED)\nz.writestr(sys.argv[2],b"\\0"*int(sys.argv[3]))\nz.close()';
    await execa('python3', ['-c', script, join(folder, 'evil.zip'), '../evil.jpg', '10']);
    expect(await userError(ingestPath('evil.zip'))).toMatch(/leads out of it[^]*evil\.zip/);
    await execa('python3', ['-c', script, join(folder, 'bomb.zip'), 'a/bomb.jpg', String(2 ** 28)]);
    expect(await userError(ingestPath('bomb.zip'))).toMatch(/bomb\.jpg unpacks to more than 200 times[^]*bomb\.zip/);
    // Many files, none of which is one by itself: what its directory promises is enough.
    const many = Object.fromEntries(Array.from({ length: 18 }, (_, i) => [`a/${i}.jpg`, Buffer.from('x')]));
    await zipOf(join(folder, 'many.zip'), many);
    const promising = await readFile(join(folder, 'many.zip'));
    for (let at = 0; (at = promising.indexOf('PK\x01\x02', at)) >= 0; at++)
      promising.writeUInt32LE(60 * 2 ** 20, at + 24);
    await writeFile(join(folder, 'many.zip'), promising);
    expect(await userError(ingestPath('many.zip'))).toMatch(/The archive unpacks to more than 200 times[^]*many\.zip/);
  });

  it('a gzip bomb is noticed before it fills memory', async () => {
    // A tar whose one file has 1.1 GB of zeros, packed to 1 MB: one part of it over and over, as gzip allows.
    const path = join(folder, 'bomb.tar.gz');
    const tar = pack();
    tar.entry({ name: 'zeros.jpg', size: 1100 * 2 ** 20 });
    const [header] = (await once(tar, 'data')) as [Buffer];
    const zeros = gzipSync(Buffer.alloc(50 * 2 ** 20));
    await writeFile(path, Buffer.concat([gzipSync(header), ...Array.from({ length: 22 }, () => zeros)]));
    expect(await userError(ingestPath('bomb.tar.gz'))).toMatch(/The archive unpacks to more than 200 times/);
  }, 120_000);
});
