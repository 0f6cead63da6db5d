import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { randomKey } from '@selfsup/kit/random';
import { openDataset, type Dataset } from '../dataset.ts';
import { colourChanges } from '../pictures/colour-changes.ts';
import { jpegEncode } from '../pictures/native/pictures.ts';
import { smoothPixels, tarOf } from '../testing/archives.ts';
import { ingestSection, workplace } from '../testing/workplace.ts';
import { augmentSchema } from './augment.ts';
import { createLoader, type LoaderOptions } from './loader.ts';

const folder = await workplace();
let dataset: Dataset;
beforeAll(async () => {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < 60; i++) {
    const side = 60 + (i % 7) * 8; // of several sizes: tall, wide and square
    const [height, width] = i % 3 === 0 ? [side, 90] : i % 3 === 1 ? [90, side] : [side, side];
    const square = smoothPixels(i, 120, 3);
    const pixels = Buffer.concat(
      Array.from({ length: height }, (_, y) => square.subarray(y * 360, y * 360 + width * 3)),
    );
    files[`${i % 2}/${String(i).padStart(2, '0')}.jpg`] = jpegEncode({ pixels, height, width, channels: 3 }, 95);
  }
  await writeFile(join(folder, 'images.tar'), await tarOf(files));
  dataset = openDataset((await ingestSection(folder, 'jpegs', { type: 'folder', path: 'images.tar' })).folder);
});

const rich = { randomResizedCrop: { size: 32 }, flip: true, colourJitter: { brightness: 0.4, hue: 0.1 }, grey: 0.2 };

function loaderOf(augment: object, more: Partial<LoaderOptions> = {}) {
  const base = { dataset, split: 'train', batchSize: 16, key: randomKey(3, 'loader'), shuffle: true, dropLast: false };
  return createLoader({ ...base, workers: 0, augment: augmentSchema.parse(augment), ...more });
}

async function digests(augment: object, more: Partial<LoaderOptions> = {}, epoch = 0): Promise<string[]> {
  const loader = loaderOf(augment, more);
  const found: string[] = [];
  for await (const { images, shape, labels, indices } of loader.epoch(epoch)) {
    found.push(sha256(images) + JSON.stringify([shape, [...labels], [...indices]]));
  }
  await loader.close();
  return found;
}

describe('a loader of JPEGs of varying size', () => {
  it('gives the same bytes for any number of workers, others in another epoch', async () => {
    const expected = await digests(rich);
    expect(expected).toHaveLength(4);
    expect(await digests(rich, { workers: 1 })).toEqual(expected);
    expect(await digests(rich, { workers: 3 })).toEqual(expected);
    expect(await digests(rich, {}, 1)).not.toEqual(expected);
  });

  it('gives ten views of an image one after another, the last five mirrored', async () => {
    const loader = loaderOf({ resize: 48, tenCrop: 32 }, { shuffle: false, batchSize: 4, workers: 1 });
    for await (const { images, shape, views, labels } of loader.epoch(0)) {
      expect([shape, views, labels.length]).toEqual([[40, 32, 32, 3], 10, 4]);
      const view = (i: number): Uint8Array => images.subarray(i * 3072, (i + 1) * 3072);
      for (const place of [0, 1, 2, 3, 4, 20]) {
        const [plain, mirrored] = [view(place), view(place + 5)];
        for (const [x, y] of [
          [0, 0],
          [31, 5],
          [9, 30],
        ] as const) {
          const at = (y * 32 + x) * 3;
          const other = (y * 32 + 31 - x) * 3;
          expect([...mirrored.subarray(other, other + 3)]).toEqual([...plain.subarray(at, at + 3)]);
        }
      }
      break;
    }
    await loader.close();
  });

  it('shows the whole of an image in the middle of a centre crop', async () => {
    const loader = loaderOf({ resize: 32, centreCrop: 32 }, { shuffle: false, batchSize: 60 });
    for await (const { images } of loader.epoch(0)) {
      // Image 2 of class 0 (the fourth in all) is square: scaled down it must look like its own average.
      const index = Array.from({ length: 60 }, (_, i) => i).find(
        (i) => dataset.picture('train', i).height === dataset.picture('train', i).width,
      )!;
      const { pixels } = dataset.picture('train', index);
      const mean = (values: Uint8Array): number => values.reduce((sum, one) => sum + one, 0) / values.length;
      expect(Math.abs(mean(images.subarray(index * 3072, (index + 1) * 3072)) - mean(pixels))).toBeLessThan(1.5);
    }
    await loader.close();
  });

  it('changes colours by the image and epoch alone, as often as asked', () => {
    const augment = augmentSchema.parse(rich);
    const key = randomKey(3, 'loader');
    const all = Array.from({ length: 2000 }, (_, sample) => colourChanges(augment, key, 0, sample));
    const greys = all.filter((changes) => changes.some(({ what }) => what === 'grey')).length;
    expect(Math.abs(greys - 400)).toBeLessThan(5 * Math.sqrt(2000 * 0.2 * 0.8));
    const amounts = all.map((changes) => changes.find(({ what }) => what === 'brightness')!.amount);
    expect(Math.min(...amounts)).toBeGreaterThanOrEqual(0.6);
    expect(Math.max(...amounts)).toBeLessThanOrEqual(1.4);
    expect(colourChanges(augment, key, 0, 7)).toEqual(all[7]);
    expect(colourChanges(augment, key, 1, 7)).not.toEqual(all[7]);
  });

  it('does not grow over epochs', async () => {
    const loader = loaderOf(rich, { workers: 1, samplesPerEpoch: 600 });
    const run = async (epochs: number): Promise<number> => {
      for (let epoch = 0; epoch < epochs; epoch++) for await (const _batch of loader.epoch(epoch)) continue;
      return process.memoryUsage().rss;
    };
    const before = await run(6);
    expect((await run(12)) - before).toBeLessThan(40e6);
    await loader.close();
  });

  it('refuses two epochs at once, since their batches share memory', async () => {
    const loader = loaderOf(rich);
    const first = loader.epoch(0);
    await first.next();
    await expect(loader.epoch(1).next()).rejects.toThrow(/under way/);
    await first.return?.();
    expect((await loader.epoch(1).next()).done).toBe(false);
    await loader.close();
  });
});
