import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset, type Dataset } from '../../dataset.ts';
import { cifarBinary, jpegTree, tarOf, writeTree, type Files } from '../../testing/archives.ts';
import { contextIn, ingestSection, userError, workplace } from '../../testing/workplace.ts';
import cifar10 from './cifar10.ts';

const folder = await workplace();
const binary = cifarBinary(11);
let tree: Files;
let treeTar: Buffer;

beforeAll(async () => {
  tree = await jpegTree(4, 2);
  treeTar = await tarOf(tree);
  await writeFile(join(folder, 'cifar-10-binary.tar.gz'), gzipSync(await tarOf(binary)));
  await writeTree(join(folder, 'extracted'), binary);
  await writeTree(join(folder, 'tree'), tree);
  await writeFile(join(folder, 'tree.tar'), treeTar);
  await writeFile(join(folder, 'tree.tar.gz'), gzipSync(treeTar));
});

let ingests = 0;
const ingestPath = (path: string, more: Readonly<Record<string, unknown>> = {}) =>
  ingestSection(folder, `cifar-${ingests++}`, { type: 'cifar10', path, download: false }, more);

async function opened(path: string): Promise<Dataset> {
  return openDataset((await ingestPath(path)).folder);
}

describe('cifar10, binary version', () => {
  it('reads the official archive: planes interleaved, batches in order, labels as stored', async () => {
    const dataset = await opened('cifar-10-binary.tar.gz');
    expect(dataset.count('train')).toBe(55);
    expect(dataset.count('test')).toBe(11);
    expect(dataset.manifest.classes[9]).toBe('truck');
    const third = binary['cifar-10-batches-bin/data_batch_3.bin']!;
    const i = 2 * 11 + 4; // record 4 of the third batch
    const image = dataset.image('train', i);
    expect(dataset.labels('train')[i]).toBe(third[4 * 3073]);
    expect(dataset.sourcePath('train', i)).toBe('data_batch_3.bin#4');
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 32; x++) {
        const planes = [0, 1, 2].map((channel) => third[4 * 3073 + 1 + channel * 1024 + y * 32 + x]);
        expect([...image.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3)]).toEqual(planes);
      }
    }
  });

  it('reads the extracted files likewise', async () => {
    const archive = await opened('cifar-10-binary.tar.gz');
    expect((await opened('extracted')).manifest.digest).toBe(archive.manifest.digest);
    expect((await opened('extracted/cifar-10-batches-bin')).manifest.digest).toBe(archive.manifest.digest);
  });

  it('takes the statistics over the training images', async () => {
    const { statistics } = (await opened('cifar-10-binary.tar.gz')).manifest;
    const reds = [1, 2, 3, 4, 5].flatMap((n) => {
      const batch = binary[`cifar-10-batches-bin/data_batch_${n}.bin`]!;
      return Array.from({ length: 11 }, (_, r) => [...batch.subarray(r * 3073 + 1, r * 3073 + 1025)]).flat();
    });
    const mean = reds.reduce((sum, one) => sum + one, 0) / reds.length;
    const variance = reds.reduce((sum, one) => sum + (one - mean) ** 2, 0) / reds.length;
    expect(statistics.mean[0]).toBeCloseTo(mean, 5);
    expect(statistics.std[0]).toBeCloseTo(Math.sqrt(variance), 5);
  });

  it('refuses an archive that is cut off, a .bin that is cut off, one that is missing and a label that is no class', async () => {
    const archive = await readFile(join(folder, 'cifar-10-binary.tar.gz'));
    await writeFile(join(folder, 'cut.tar.gz'), archive.subarray(0, archive.length / 2));
    expect(await userError(ingestPath('cut.tar.gz'))).toMatch(/cut off or damaged[^]*cut\.tar\.gz[^]*again/);

    const batch = 'cifar-10-batches-bin/data_batch_2.bin';
    await writeTree(join(folder, 'short'), { ...binary, [batch]: binary[batch]!.subarray(0, 30_000) });
    expect(await userError(ingestPath('short'))).toMatch(/data_batch_2\.bin is cut off: 30000 bytes .* 3073/);

    const { [batch]: _left, ...others } = binary;
    await writeTree(join(folder, 'lacking'), others);
    expect(await userError(ingestPath('lacking'))).toMatch(/data_batch_2\.bin is missing/);

    const odd = Buffer.from(binary[batch]!);
    odd[3073 * 5] = 10;
    await writeTree(join(folder, 'odd'), { ...binary, [batch]: odd });
    expect(await userError(ingestPath('odd'))).toMatch(/Image 5 of data_batch_2\.bin has the label 10/);
  });
});

describe('cifar10, tree of images', () => {
  it('reads the tree in the order of class and name', async () => {
    const dataset = await opened('tree');
    expect(dataset.count('train')).toBe(12);
    expect([...dataset.labels('test')]).toEqual([0, 0, 2, 2, 9, 9]);
    expect(dataset.sourcePath('train', 5)).toBe('train/bird/0001.jpg');
    const expected = await sharp(tree['train/bird/0001.jpg']).raw().toBuffer();
    expect(Buffer.from(dataset.image('train', 5))).toEqual(expected);
  });

  it('gives the same dataset from a folder and from a tar of it, packed in any way and order', async () => {
    const { digest } = (await opened('tree')).manifest;
    expect((await opened('tree.tar')).manifest.digest).toBe(digest);
    expect((await opened('tree.tar.gz')).manifest.digest).toBe(digest);
    const reversed = Object.fromEntries(Object.entries(tree).reverse());
    await writeFile(join(folder, 'reversed.tar'), await tarOf(reversed));
    expect((await opened('reversed.tar')).manifest.digest).toBe(digest);
  });

  it('reads a tar.xz, and refuses one that is cut off', async () => {
    // Made of jpegTree(1, 1) by `xz`, since Node cannot write that format.
    const fixture = join(import.meta.dirname, 'tree.fixture.tar.xz');
    const dataset = openDataset((await ingestPath(fixture)).folder);
    expect([dataset.count('train'), dataset.count('test')]).toEqual([3, 3]);
    await writeTree(join(folder, 'small'), await jpegTree(1, 1));
    expect((await opened('small')).manifest.classes).toEqual(dataset.manifest.classes);
    const bytes = await readFile(fixture);
    for (const part of [0.3, 0.9]) {
      await writeFile(join(folder, 'cut.tar.xz'), bytes.subarray(0, Math.floor(bytes.length * part)));
      expect(await userError(ingestPath('cut.tar.xz'))).toMatch(/cut off or damaged[^]*cut\.tar\.xz/);
    }
  });

  it('refuses a tar that is cut off', async () => {
    await writeFile(join(folder, 'cut.tar'), treeTar.subarray(0, treeTar.length - 3000));
    expect(await userError(ingestPath('cut.tar'))).toMatch(/cut off or damaged/);
  });

  it('leaves damaged images out with the reason, and fails where they are too many', async () => {
    const damaged: Record<string, Buffer> = { ...tree };
    damaged['train/bird/0002.jpg'] = tree['train/bird/0002.jpg']!.subarray(0, 400);
    damaged['test/truck/0000.jpg'] = Buffer.from('no picture at all');
    damaged['train/truck/0003.jpg'] = Buffer.alloc(0);
    damaged['train/truck/0001.jpg'] = await sharp(tree['train/truck/0001.jpg'])
      .resize(16, 32, { fit: 'fill' })
      .jpeg()
      .toBuffer();
    await writeTree(join(folder, 'damaged'), damaged);
    const error = await userError(ingestPath('damaged'));
    expect(error).toMatch(/4 of 18 images are damaged[^]*quarantine\.atMost/);

    const { folder: made, manifest } = await ingestPath('damaged', { quarantine: { atMost: 0.25 } });
    expect(manifest.splits['train']!.count).toBe(9);
    expect(manifest.splits['test']!.classCounts[9]).toBe(1);
    expect(manifest.quarantine.map(({ path }) => path)).toEqual([
      'test: test/truck/0000.jpg',
      'train: train/bird/0002.jpg',
      'train: train/truck/0001.jpg',
      'train: train/truck/0003.jpg',
    ]);
    expect(manifest.quarantine.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/cannot be decoded/),
      expect.stringMatching(/cannot be decoded/),
      'is 32 × 16 pixels instead of 32 × 32',
      'the file is empty',
    ]);
    const dataset = openDataset(made);
    expect(dataset.sourcePath('train', 6)).toBe('train/bird/0003.jpg'); // the place of the missing one is closed up
    expect(Buffer.from(dataset.image('train', 6))).toEqual(await sharp(tree['train/bird/0003.jpg']).raw().toBuffer());
  });

  it('refuses unknown classes and folders without images', async () => {
    await writeTree(join(folder, 'unknown'), { 'train/lorry/1.jpg': tree['train/truck/0001.jpg']! });
    expect(await userError(ingestPath('unknown'))).toMatch(/"lorry" is not one of the classes[^]*airplane, automobile/);
    await mkdir(join(folder, 'empty'));
    expect(await userError(ingestPath('empty'))).toMatch(/No images of the form/);
  });
});

describe('cifar10, where it is found', () => {
  const config = cifar10.schema.parse({ type: 'cifar10', download: false });

  it('is looked for by its known names in SELFSUP_DATA', async () => {
    const look = await cifar10.look(config, contextIn(folder, { dataFolder: folder }));
    expect(look).toMatchObject({ found: { chosen: 'CIFAR-10, official binary version' } });
    const nowhere = await cifar10.look(config, contextIn(folder, { dataFolder: join(folder, 'tree') }));
    expect(nowhere).toMatchObject({ missing: /SELFSUP_DATA/, remedy: /cifar-10-binary\.tar\.gz/ });
  });

  it('is never passed over where its path was given', async () => {
    expect(await userError(ingestPath('nothing-here.tar.gz'))).toMatch(/does not exist[^]*nothing-here[^]*path/);
    await writeFile(join(folder, 'notes.txt'), 'x');
    expect(await userError(ingestPath('notes.txt'))).toMatch(/Not a form in which CIFAR-10 comes/);
  });

  it('has the fingerprint of its content, whatever its path', async () => {
    await execa('cp', [join(folder, 'tree.tar'), join(folder, 'elsewhere.tar')]);
    const look = async (path: string) => {
      const result = await cifar10.look({ ...config, path }, contextIn(folder));
      return 'found' in result ? result.found.fingerprint : undefined;
    };
    expect(await look('elsewhere.tar')).toBe(await look('tree.tar'));
    expect(await look('tree.tar.gz')).not.toBe(await look('tree.tar'));
  });
});
