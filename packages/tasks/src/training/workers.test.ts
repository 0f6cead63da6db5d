import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDataset } from '@selfsup/data/dataset';
import { checkDatasetConfig } from '@selfsup/data/dataset-config';
import { ingest } from '@selfsup/data/ingest';
import { jpegEncode } from '@selfsup/data/pictures';
import { UserError } from '@selfsup/kit/errors';
import { sha256File } from '@selfsup/kit/files';
import { metricValues } from '@selfsup/kit/metric';
import { integer, randomKey } from '@selfsup/kit/random';
import { rotnet } from '../pretext/rotnet/rotnet.ts';
import { trainingContext } from '../testing/training-context.ts';
import { trainOn } from './run-training.ts';

const root = mkdtempSync(join(tmpdir(), 'workers-'));
process.env['SELFSUP_CACHE'] = join(root, 'cache');
afterAll(() => rmSync(root, { recursive: true }));

/** Photographs of several sizes: light above, dark below, with stripes of the class. */
function writePictures(split: string, count: number): void {
  for (let i = 0; i < count; i++) {
    const key = randomKey(2, split, i);
    const [height, width] = [40 + integer(key, 20, 0), 40 + integer(key, 30, 1)];
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, at) => {
      const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
      return 220 - (160 * y) / height + 30 * Math.sin(x / (2 + (i % 2))) * (at % 3 === i % 3 ? 1 : 0);
    });
    const folder = join(root, 'pictures', split, String(i % 2));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${i}.jpg`), jpegEncode({ pixels, height, width, channels: 3 }, 95));
  }
}

test('from JPEGs of varying size to trained weights: the same bits for any number of workers', async () => {
  writePictures('train', 64);
  writePictures('test', 16);
  const { folder } = await ingest({
    name: 'pictures',
    config: await checkDatasetConfig({ sources: [{ type: 'folder', path: join(root, 'pictures') }] }),
    workFolder: join(root, 'ingested'),
    datasetFolder: root,
    signal: new AbortController().signal,
    progress: { phase: () => ({ advance() {}, done() {} }), note() {}, warn() {} },
  });
  const train = async (name: string, data: object, epochs = 2): Promise<[string, number]> => {
    const dataset = openDataset(folder);
    const context = trainingContext(rotnet, join(root, name), { epochs, batchSize: 16, data }, {});
    try {
      const { blobs, metrics } = await trainOn(dataset, rotnet, context);
      return [await sha256File(blobs!['checkpoint']!), metricValues(metrics)['pretext/rotation-accuracy']!];
    } finally {
      await dataset.close();
    }
  };
  const augment = { randomResizedCrop: { size: 16, area: [0.5, 1] }, flip: true, colourJitter: { saturation: 0.3 } };
  const [expected, accuracy] = await train('none', { augment, workers: 0 });
  expect(accuracy).toBeGreaterThan(30);
  expect((await train('one', { augment, workers: 1 }))[0]).toBe(expected);
  expect((await train('three', { augment, workers: 3 }))[0]).toBe(expected);

  let started = 0;
  const count = (): void => void started++;
  process.on('worker', count);
  await train('long', { augment, workers: 4 }, 5);
  process.off('worker', count);
  // Four to train and four to measure after each epoch, of which six are there from the training before.
  expect(started).toBe(2);

  await expect(train('no-size', { augment: { flip: true } })).rejects.toThrow(/vary in size/);
  await expect(train('ten', { augment: { tenCrop: 16 } })).rejects.toThrow(/one view of each image/);
  const other = train('other', { augment, plainView: { centreCrop: 20 } });
  await expect(other).rejects.toBeInstanceOf(UserError);
  await expect(other).rejects.toThrow(/Measuring would see 20 × 20, training 16 × 16/);
});
