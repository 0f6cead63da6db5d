import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { noiseByte, tarOf } from '../../testing/archives.ts';
import { cifarPickle } from '../../testing/pickles.ts';
import { ingestSection, workplace } from '../../testing/workplace.ts';

const folder = await workplace();

it('reads the official Python version of CIFAR-10', async () => {
  const files: Record<string, Buffer> = {};
  for (const [place, name] of [1, 2, 3, 4, 5]
    .map((i) => `data_batch_${i}`)
    .concat('test_batch')
    .entries()) {
    const data = Uint8Array.from({ length: 4 * 3072 }, (_, i) => noiseByte(i + place * 5000));
    files[`cifar-10-batches-py/${name}`] = cifarPickle(data, 4, { labels: [0, place, 9, 5] });
  }
  await writeFile(join(folder, 'cifar-10-python.tar.gz'), gzipSync(await tarOf(files)));
  const section = { type: 'cifar10', path: 'cifar-10-python.tar.gz', download: false };
  const { folder: made, manifest } = await ingestSection(folder, 'python', section);
  expect(manifest.splits['train']!.count).toBe(20);
  const dataset = openDataset(made);
  expect(dataset.labels('train')[9]).toBe(2); // the second of the third batch
  expect(dataset.sourcePath('train', 9)).toBe('data_batch_3#1');
  expect(dataset.image('train', 9)[(31 * 32 + 4) * 3 + 2]).toBe(noiseByte(3072 + 2048 + 31 * 32 + 4 + 2 * 5000));
  await dataset.close();
});
