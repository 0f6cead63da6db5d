import { cp, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { checkDatasetConfig } from '../ingest/dataset-config.ts';
import { resolveSource } from '../ingest/resolve.ts';
import {
  cifarBinary,
  fashionFiles,
  noiseByte,
  tarOf,
  writeTree,
  zipOfMembers,
  type Files,
} from '../testing/archives.ts';
import { quietProgress, workplace } from '../testing/workplace.ts';

const folder = await workplace();
const time = new Date('2025-01-01T00:00:00Z');
const bytes = (seed: number): Buffer => Buffer.from(Uint8Array.from({ length: 3000 }, (_, i) => noiseByte(i * seed)));
const images: Files = { 'cat/1.jpg': bytes(3), 'dog/1.jpg': bytes(5) };
const swapped: Files = { 'cat/1.jpg': bytes(5), 'dog/1.jpg': bytes(3) };
const zipped = (files: Files): Buffer =>
  zipOfMembers(Object.entries(files).map(([name, content]) => ({ name, content })));

/** The fingerprint of a source an hour from now, when its files are old enough to be remembered. */
async function fingerprint(section: object): Promise<unknown> {
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
  const config = await checkDatasetConfig({ sources: [section] });
  const resolved = await resolveSource({ config, datasetFolder: folder, progress: quietProgress() });
  now.mockRestore();
  return resolved.identity['fingerprint'];
}

async function writeAt(name: string, files: Files): Promise<void> {
  await writeTree(join(folder, name), files);
  for (const path of Object.keys(files)) await utimes(join(folder, name, path), time, time);
}

/** Two equal states of each kind of source, in which something has changed places. */
const sources: Record<string, { section: (path: string) => object; before: Files; after: Files }> = {
  folder: { section: (path) => ({ type: 'folder', path }), before: images, after: swapped },
  tar: {
    section: (path) => ({ type: 'folder', path: `${path}/x.tar` }),
    before: { 'x.tar': await tarOf(images) },
    after: { 'x.tar': await tarOf(swapped) },
  },
  'tar.gz': {
    section: (path) => ({ type: 'folder', path: `${path}/x.tar.gz` }),
    before: { 'x.tar.gz': gzipSync(await tarOf(images), { level: 0 }) },
    after: { 'x.tar.gz': gzipSync(await tarOf(swapped), { level: 0 }) },
  },
  zip: {
    section: (path) => ({ type: 'folder', path: `${path}/x.zip` }),
    before: { 'x.zip': zipped(images) },
    after: { 'x.zip': zipped(swapped) },
  },
  idx: idxSource(),
  'CIFAR binaries': {
    section: (path) => ({ type: 'cifar10', path }),
    before: cifarBinary(1),
    after: {
      ...cifarBinary(1),
      'cifar-10-batches-bin/data_batch_1.bin': cifarBinary(1)['cifar-10-batches-bin/test_batch.bin']!,
    },
  },
  VOC: {
    section: (path) => ({ type: 'voc', year: '2007', path }),
    before: { 'VOC2007/JPEGImages/a.jpg': bytes(3), 'VOC2007/ImageSets/Main/train.txt': Buffer.from('a\n') },
    after: { 'VOC2007/JPEGImages/a.jpg': bytes(5), 'VOC2007/ImageSets/Main/train.txt': Buffer.from('a\n') },
  },
  'ImageNet tars': {
    section: (path) => ({ type: 'imagenet', path }),
    before: { 'ILSVRC2012_img_val.tar': await tarOf(images) },
    after: { 'ILSVRC2012_img_val.tar': await tarOf(swapped) },
  },
  'single image': {
    section: (path) => ({ type: 'single-image', images: [`${path}/x.jpg`] }),
    before: { 'x.jpg': bytes(3) },
    after: { 'x.jpg': bytes(5) },
  },
};

function idxSource(): (typeof sources)[string] {
  const files = fashionFiles(2, 2);
  const labels = ['train-labels-idx1-ubyte.gz', 't10k-labels-idx1-ubyte.gz'] as const;
  const plain = Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]);
  return {
    section: (path) => ({ type: 'fashion-mnist', path }),
    before: { ...files, [labels[0]]: gzipSync(Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 0, 1])) },
    after: { ...files, [labels[0]]: gzipSync(plain) },
  };
}

describe('a source', () => {
  it.each(Object.entries(sources))(
    '%s: content of the same size and time in other places is seen',
    async (name, kind) => {
      const path = name.replaceAll(/\W/g, '-');
      await writeAt(path, kind.before);
      const before = await fingerprint(kind.section(path));
      expect(await fingerprint(kind.section(path))).toBe(before);
      for (const file of Object.keys(kind.before))
        expect(kind.after[file]!.length).toBe((await stat(join(folder, path, file))).size);
      await writeAt(path, kind.after); // in place: the same inodes
      expect(await fingerprint(kind.section(path))).not.toBe(before);
      // Identity is the content, wherever it lies and whenever it was written.
      await writeAt(path, kind.before);
      await cp(join(folder, path), join(folder, `${path}-moved`), { recursive: true });
      expect(await fingerprint(kind.section(`${path}-moved`))).toBe(before);
    },
  );

  it('is read in full where that is asked for, whatever is remembered', async () => {
    await writeAt('full', images);
    const section = { type: 'folder', path: 'full' };
    const whole = await fingerprint(section);
    const memory = join(folder, 'cache/fingerprints.json');
    const spoilt = (await readFile(memory, 'utf8')).replaceAll(String(whole), 'remembered');
    await writeFile(memory, spoilt);
    expect(await fingerprint(section)).toBe('remembered');
    const config = await checkDatasetConfig({ sources: [section] });
    const options = { config, datasetFolder: folder, progress: quietProgress(), fullHash: true };
    expect((await resolveSource(options)).identity['fingerprint']).toBe(whole);
  });
});
