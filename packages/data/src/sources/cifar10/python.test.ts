import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { openDataset } from '../../dataset.ts';
import { noiseByte, tarOf, writeTree } from '../../testing/archives.ts';
import { cifarPickle } from '../../testing/pickles.ts';
import { ingestSection, userError, workplace } from '../../testing/workplace.ts';

const folder = await workplace();
const batches = [...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}`), 'test_batch'];

it('reads the official Python version of CIFAR-10', async () => {
  const files: Record<string, Buffer> = {};
  for (const [place, name] of batches.entries()) {
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

it('refuses a label that is no number', async () => {
  const batch = cifarPickle(new Uint8Array(2 * 3072), 2, { labels: [1, 7] });
  batch[batch.indexOf('K\x07')] = 0x7d; // an empty dictionary, and the number as a step of its own
  const odd = Buffer.concat([
    batch.subarray(0, batch.indexOf('}\x07e') + 1),
    batch.subarray(batch.indexOf('}\x07e') + 2),
  ]);
  await writeTree(join(folder, 'odd'), Object.fromEntries(batches.map((name) => [name, odd])));
  const ingested = ingestSection(folder, 'odd-made', { type: 'cifar10', path: 'odd', download: false });
  expect(await userError(ingested)).toMatch(/data_batch_1 has no number for the label of image 1/);
});
