import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { checkDatasetConfig } from '../../ingest/dataset-config.ts';
import { ingest } from '../../ingest/ingest.ts';
import { tarOf, writeTree, type Files } from '../../testing/archives.ts';
import { asNobody } from '../../testing/as-nobody.ts';
import { ingestSection, quietProgress, userError, workplace } from '../../testing/workplace.ts';
import { layoutOf } from './layout.ts';

const folder = await workplace();
const store = { store: { encoding: 'raw' as const, height: 8, width: 8 } };

const picture = (shade: number): Promise<Buffer> =>
  sharp({ create: { width: 12, height: 10, channels: 3, background: { r: shade, g: 90, b: shade % 9 } } })
    .png()
    .toBuffer();

/** A PPM of one colour. */
const ppm = (shade: number): Buffer => Buffer.concat([Buffer.from('P6 2 2 255\n'), Buffer.alloc(12, shade)]);

let ingests = 0;
const ingestPath = (path: string, section: object = {}) =>
  ingestSection(folder, `out-${ingests++}`, { type: 'folder', path, ...section }, store);

const intel: Files = {
  'seg_train/seg_train/sea/1.png': await picture(1),
  'seg_train/seg_train/sea/IMG.0002': await picture(2),
  'seg_train/seg_train/ice/plain': await picture(3),
  'seg_train/seg_train/ice/4.ppm': ppm(4),
  'seg_train/seg_train/ice/5.JFIF': await sharp(await picture(5))
    .jpeg()
    .toBuffer(),
  'seg_test/seg_test/sea/6.png': await picture(6),
  'seg_test/seg_test/ice/7.png': await picture(7),
  'seg_train/seg_train/rock/8.heic': Buffer.from('\0\0\0\x18ftypheic and more'),
  'seg_train/labels.csv': Buffer.from('a,b\n1,2\n'),
  'seg_train/seg_train/sea/1.png.bak': await picture(1),
  '@eaDir/seg_train/a.png': await picture(9),
  '$RECYCLE.BIN/S-1/b.png': await picture(9),
  'lost+found/c.png': await picture(9),
  'seg_train/.ipynb_checkpoints/d.png': await picture(9),
  'System Volume Information/e.png': await picture(9),
  '.Trash-1000/files/f.png': await picture(9),
};

describe('what the folder source makes of folders', () => {
  it('reads splits by a word of their names and pictures by their content, the same from archives, and says how', async () => {
    await writeTree(join(folder, 'intel'), intel);
    await writeFile(join(folder, 'intel.tar'), await tarOf(intel));
    await writeFile(join(folder, 'intel.tar.gz'), gzipSync(await tarOf(intel)));
    const { manifest, folder: lmdb } = await ingestPath('intel');
    expect(manifest.classes).toEqual(['ice', 'sea']);
    expect(manifest.splits).toEqual({
      train: { count: 5, classCounts: [3, 2] },
      test: { count: 2, classCounts: [1, 1] },
    });
    expect(manifest.reading).toEqual({
      layout: 'splits test (seg_test), train (seg_train); classes by folder',
      passedOver: expect.arrayContaining([
        { reason: 'hidden, of the system or a backup', ending: '', count: 7, example: expect.any(String) as string },
        { reason: 'no picture that is read', ending: '.csv', count: 1, example: 'seg_train/labels.csv' },
        { reason: 'no picture that is read', ending: '.heic', count: 1, example: 'seg_train/seg_train/rock/8.heic' },
      ]) as object,
    });
    expect(manifest.warnings).toEqual([
      { kind: 'folder-without-images', message: expect.stringMatching(/: rock\.$/) as string },
    ]);
    const dataset = openDataset(lmdb);
    expect(dataset.sourcePath('train', 0)).toBe('seg_train/seg_train/ice/4.ppm');
    expect([...dataset.image('train', 0)]).toEqual(Array<number>(192).fill(4));
    await dataset.close();
    for (const packed of ['intel.tar', 'intel.tar.gz']) {
      const other = (await ingestPath(packed)).manifest;
      expect([other.digest, other.classes, other.warnings]).toEqual([
        manifest.digest,
        manifest.classes,
        manifest.warnings,
      ]);
      expect(other.reading!.passedOver!.map(({ count }) => count)).toEqual(
        manifest.reading!.passedOver!.map(({ count }) => count),
      );
    }
  });

  it('prints the classes with their images in each split, and what was passed over', async () => {
    const progress = quietProgress();
    await ingest({
      name: 'printed',
      config: await checkDatasetConfig({ sources: [{ type: 'folder', path: 'intel' }], ...store }),
      workFolder: join(folder, 'printed'),
      progress,
      signal: new AbortController().signal,
      datasetFolder: folder,
    });
    expect(progress.notes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Folders read as splits test \(seg_test\).* Images: test 2, train 5$/),
        '  ice: test 1, train 3',
        'Passed over 1 file .heic: no picture that is read, such as seg_train/seg_train/rock/8.heic',
      ]),
    );
    expect(progress.warnings.join()).toMatch(/No class is made of these folders/);
  });

  it('passes over pipes, sockets and devices, also behind links', async () => {
    const at = join(folder, 'special', 'a');
    await writeTree(at, { '1.png': await picture(1) });
    await execa('mkfifo', [join(at, '2.png')]);
    const server = createServer().listen(join(at, '3.png'));
    afterAll(() => void server.close());
    await symlink('/dev/zero', join(at, '4.png'));
    await mkdir(join(folder, 'special', 'b'));
    const { manifest } = await ingestPath('special');
    expect(manifest.splits['train']!.count).toBe(1);
    const reasons = manifest.reading!.passedOver!.map(({ reason }) => reason).sort();
    expect(reasons).toEqual(['a device, no file', 'a pipe, no file', 'a socket, no file', 'an empty folder']);
    expect(manifest.warnings![0]!.message).toMatch(/no picture in them can be read: b\.$/);
    await execa('mkfifo', [join(folder, 'pipe.tar')]);
    expect(await userError(ingestPath('pipe.tar'))).toMatch(/neither a file nor a folder/);
  });

  it('names what may not be read', async () => {
    await writeTree(join(folder, 'closed'), {
      'a/1.png': await picture(1),
      'b/2.png': await picture(2),
      'b/notes': ppm(1),
    });
    await chmod(join(folder, 'closed', 'b', 'notes'), 0);
    await chmod(folder, 0o777);
    const { manifest } = await asNobody(() => ingestPath('closed'));
    expect(manifest.reading!.passedOver).toEqual([
      { reason: 'cannot be read: permission denied', ending: '', count: 1, example: 'b/notes' },
    ]);
    await chmod(join(folder, 'closed', 'a', '1.png'), 0);
    expect(await asNobody(() => userError(ingestPath('closed')))).toMatch(
      /^a\/1\.png cannot be read: permission denied/m,
    );
    await writeFile(join(folder, 'closed.tar'), await tarOf({ 'a/1.png': await picture(1) }), { mode: 0 });
    expect(await asNobody(() => userError(ingestPath('closed.tar')))).toMatch(
      /^The file cannot be read: permission denied/m,
    );
    await chmod(join(folder, 'closed', 'b'), 0);
    expect(await asNobody(() => userError(ingestPath('closed')))).toMatch(
      /The folder b cannot be read: permission denied/,
    );
  });
});

describe('layoutOf', () => {
  const layout = (paths: readonly string[], config: object = {}) => {
    const found = layoutOf(paths, config, 'here');
    return paths.map((path) => Object.values(found.place(path)).join(':'));
  };

  it('knows splits by one word of a name, but not among classes', () => {
    expect(layout(['train2017/1.jpg', 'val2017/2.jpg'])).toEqual(['train:', 'val:']);
    expect(layout(['TrainingSet/a/1.jpg', 'testSet/a/2.jpg', 'Validation/a/3.jpg'])).toEqual([
      'train:a',
      'test:a',
      'val:a',
    ]);
    expect(layout(['cats_train_images/a/1.jpg', 'cats-test/a/1.jpg'])).toEqual(['train:a', 'test:a']);
    expect(layout(['bullet_train/1.jpg', 'car/2.jpg', 'test_tube/1.jpg', 'ship/1.jpg', 'tram/3.jpg'])).toEqual(
      ['bullet_train', 'car', 'test_tube', 'ship', 'tram'].map((name) => `train:${name}`),
    );
    expect(layout(['restrained/1.jpg', 'latest/1.jpg'])).toEqual(['train:restrained', 'train:latest']);
    expect(layout(['train2017/1.jpg', 'val2017/2.jpg'], { splits: 'none' })).toEqual([
      'train:train2017',
      'train:val2017',
    ]);
  });

  it('asks where names can be read in two ways', () => {
    const mixed = ['seg_train/a/1.jpg', 'seg_test/a/1.jpg', 'seg_pred/1.jpg'];
    expect(() => layout(mixed)).toThrow(/folder of a split \(seg_test, seg_train\), seg_pred\/1\.jpg does not/);
    expect(layout(mixed, { splits: 'folders', classes: 'none' })).toEqual(['train:', 'test:', 'seg_pred:']);
    const twice = ['train2014/1.jpg', 'train2017/1.jpg', 'val2017/1.jpg'];
    expect(() => layout(twice)).toThrow(/train2014, train2017, val2017 name the same split/);
    expect(layout(twice, { splits: 'folders' })).toEqual(['train2014:', 'train2017:', 'val:']);
  });
});
