import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { noiseByte, tarOf, writeTree, type Files } from '../../testing/archives.ts';
import { cifarPickle } from '../../testing/pickles.ts';
import { ingestSection, userError, workplace } from '../../testing/workplace.ts';
import { coarseClasses, fineClasses } from './classes.ts';

const folder = await workplace();
const images = { train: 6, test: 3 };
const planes = (split: keyof typeof images) =>
  Uint8Array.from({ length: images[split] * 3072 }, (_, i) => noiseByte(i + (split === 'test' ? 77 : 0)));
const fine = (i: number): number => (i * 17) % 100;
const coarse = (i: number): number => (i * 7) % 20;

const binary: Record<string, Buffer> = { 'cifar-100-binary/fine_label_names.txt': Buffer.from(fineClasses.join('\n')) };
const python: Record<string, Buffer> = {};
for (const split of ['test', 'train'] as const) {
  const count = images[split];
  const data = planes(split);
  const records = Array.from({ length: count }, (_, i) =>
    Buffer.concat([Buffer.from([coarse(i), fine(i)]), data.subarray(i * 3072, (i + 1) * 3072)]),
  );
  binary[`cifar-100-binary/${split}.bin`] = Buffer.concat(records);
  const numbers = Array.from({ length: count }, (_, i) => i);
  const labels = { coarse_labels: numbers.map(coarse), fine_labels: numbers.map(fine) };
  python[`cifar-100-python/${split}`] = cifarPickle(data, count, labels);
}
python['cifar-100-python/meta'] = Buffer.from('not read');

let ingests = 0;
const ingestPath = (path: string, more: object = {}) =>
  ingestSection(folder, `cifar100-${ingests++}`, { type: 'cifar100', path, download: false, ...more });
const packed = async (name: string, files: Files) => writeFile(join(folder, name), gzipSync(await tarOf(files)));

describe('cifar100', () => {
  it('has the 100 and 20 classes in the order of the alphabet', () => {
    expect([fineClasses.length, coarseClasses.length]).toEqual([100, 20]);
    expect([...fineClasses].sort()).toEqual(fineClasses);
    expect([...coarseClasses].sort()).toEqual(coarseClasses);
  });

  it('reads the official archives, binary and Python, packed and extracted, to the same dataset', async () => {
    await packed('cifar-100-binary.tar.gz', binary);
    await packed('cifar-100-python.tar.gz', python);
    await writeTree(join(folder, 'extracted'), python);
    const made = await ingestPath('cifar-100-binary.tar.gz');
    const dataset = openDataset(made.folder);
    expect([...dataset.labels('train')]).toEqual([0, 17, 34, 51, 68, 85]);
    const pixels = dataset.image('test', 2);
    for (const [x, y, c] of [
      [0, 0, 0],
      [31, 31, 2],
      [5, 9, 1],
    ] as const) {
      expect(pixels[(y * 32 + x) * 3 + c]).toBe(planes('test')[2 * 3072 + c * 1024 + y * 32 + x]);
    }
    await dataset.close();
    const inPython = await ingestPath('cifar-100-python.tar.gz');
    const other = openDataset(inPython.folder);
    expect(other.image('test', 2)).toEqual(pixels);
    await other.close();
    expect(inPython.manifest.source.chosen).toBe('CIFAR-100, official Python version');
    expect(inPython.manifest.splits).toEqual(made.manifest.splits);
    expect((await ingestPath('extracted')).manifest.digest).toBe(inPython.manifest.digest);
    expect((await ingestPath('extracted/cifar-100-python')).manifest.digest).toBe(inPython.manifest.digest);
  });

  it('takes the coarse labels where asked', async () => {
    for (const path of ['cifar-100-binary.tar.gz', 'extracted']) {
      const { folder: made, manifest } = await ingestPath(path, { labels: 'coarse' });
      expect(manifest.classes).toEqual(coarseClasses);
      const dataset = openDataset(made);
      expect([...dataset.labels('train')]).toEqual([0, 7, 14, 1, 8, 15]);
      await dataset.close();
    }
  });

  it('refuses too few labels and labels that are no class', async () => {
    const short = cifarPickle(planes('test'), 3, { fine_labels: [1, 2], coarse_labels: [0, 0, 0] });
    await writeTree(join(folder, 'short'), { ...python, 'cifar-100-python/test': short });
    expect(await userError(ingestPath('short'))).toMatch(/test has 2 "fine_labels" for 3 images[^]*checksum/);
    const odd = cifarPickle(planes('test'), 3, { fine_labels: [1, 2, 100] });
    await writeTree(join(folder, 'odd'), { ...python, 'cifar-100-python/test': odd });
    expect(await userError(ingestPath('odd'))).toMatch(/Image 2 of test has the label 100, above 99/);
  });
});
