import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { sha256 } from '@selfsup/kit/files';
import { randomKey } from '@selfsup/kit/random';
import { openDataset, type Dataset } from '../dataset.ts';
import { imageKey, openLmdb } from '../store/lmdb-folder.ts';
import { ingestSection, workplace } from '../testing/workplace.ts';
import { createLoader, cutBatch, type Batch, type LoaderOptions } from './loader.ts';
import { augmentBatch } from './pad-crop.ts';
import { takeSlots } from './slot-memory.ts';

const folder = await workplace();
let dataset: Dataset;
beforeAll(async () => {
  const section = { type: 'shapes', size: 12, channels: 3, train: 203, test: 20 };
  dataset = openDataset((await ingestSection(folder, 'shapes', section)).folder);
});

function loaderOf(more: Partial<LoaderOptions> = {}) {
  const augment = { padCrop: 4, flip: true };
  const base = { dataset, split: 'train', batchSize: 16, key: randomKey(1, 'loader'), shuffle: true, augment };
  return createLoader({ ...base, dropLast: false, workers: 0, ...more });
}

/** A batch whose images stay. */
const kept = (batch: Batch): Batch => ({ ...batch, images: batch.images.slice() });

async function collect(options: Partial<LoaderOptions>, epoch = 0, start?: number): Promise<Batch[]> {
  const loader = loaderOf(options);
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch, start)) batches.push(kept(batch));
  await loader.close();
  return batches;
}

const digests = (batches: readonly Batch[]): string[] =>
  batches.map(({ images, labels, indices }) => sha256(images) + sha256(JSON.stringify([[...labels], [...indices]])));

describe('createLoader', () => {
  it('gives every image once an epoch, with its own pixels and label', async () => {
    const batches = await collect({ augment: {} });
    expect(batches.map(({ shape }) => shape[0])).toEqual([...Array<number>(12).fill(16), 11]);
    const seen = batches.flatMap(({ indices }) => [...indices]);
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 203 }, (_, i) => i));
    for (const { images, labels, indices } of batches) {
      indices.forEach((index, i) => {
        expect(images.subarray(i * 432, (i + 1) * 432)).toEqual(dataset.image('train', index));
        expect(labels[i]).toBe(index % 10);
      });
    }
  });

  it('gives the same bytes for any number of workers', async () => {
    const inThread = digests(await collect({ workers: 0 }, 3));
    expect(digests(await collect({ workers: 1 }, 3))).toEqual(inThread);
    expect(digests(await collect({ workers: 3 }, 3))).toEqual(inThread);
  });

  it('draws order and augmentation by key and epoch', async () => {
    const first = digests(await collect({}, 0));
    expect(digests(await collect({}, 0))).toEqual(first);
    expect(digests(await collect({}, 1))).not.toEqual(first);
    expect(digests(await collect({ key: randomKey(2, 'loader') }, 0))).not.toEqual(first);
  });

  it('augments each image by its index, wherever in the epoch it comes', async () => {
    const key = randomKey(1, 'loader');
    for (const { images, indices } of await collect({ indices: Uint32Array.of(5, 90, 17), batchSize: 2 }, 4)) {
      indices.forEach((index, i) => {
        const size = { height: 12, width: 12, channels: 3 };
        const expected = new Uint8Array(432);
        const augment = { padCrop: 4, flip: true };
        augmentBatch(dataset.image('train', index), expected, size, [index], augment, key, 4);
        expect(images.subarray(i * 432, (i + 1) * 432)).toEqual(expected);
      });
    }
  });

  it('augments an index that is named several times anew each time', async () => {
    const indices = Uint32Array.of(...Array<number>(8).fill(31), 4);
    const views = (await collect({ indices, batchSize: 1 })).filter((batch) => batch.indices[0] === 31);
    expect(views).toHaveLength(8);
    expect(new Set(views.map(({ images }) => sha256(images))).size).toBeGreaterThan(4);
    const once = await collect({ indices: Uint32Array.of(31, 4), batchSize: 1 });
    const first = once.find((batch) => batch.indices[0] === 31)!;
    expect(views.map(({ images }) => sha256(images))).toContain(sha256(first.images));
  });

  it('starts in the middle of an epoch as if it had run up to there', async () => {
    const whole = digests(await collect({ workers: 1 }, 2));
    expect(digests(await collect({ workers: 2 }, 2, 5))).toEqual(whole.slice(5));
  });

  it('keeps file order without shuffling and leaves the last partial batch out when told', async () => {
    const batches = await collect({ shuffle: false, dropLast: true, batchSize: 100 });
    expect(batches.flatMap(({ indices }) => [...indices])).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(loaderOf({ dropLast: true, batchSize: 100 }).batchesPerEpoch).toBe(2);
  });

  it('goes through a subset again, otherwise augmented, where an epoch has more draws than images', async () => {
    const indices = Uint32Array.of(3, 8);
    const batches = await collect({ indices, samplesPerEpoch: 64, batchSize: 64 });
    const of3 = [...batches[0]!.indices].flatMap((index, i) =>
      index === 3 ? [sha256(batches[0]!.images.subarray(i * 432, (i + 1) * 432))] : [],
    );
    expect(of3).toHaveLength(32);
    expect(new Set(of3).size).toBeGreaterThan(20); // of 162 equally likely forms
  });

  it('can be left early and used again', async () => {
    const loader = loaderOf({ workers: 2 });
    for await (const batch of loader.epoch(0)) {
      expect(batch.labels).toHaveLength(16);
      break;
    }
    const again: Batch[] = [];
    for await (const batch of loader.epoch(0)) again.push(kept(batch));
    await loader.close();
    expect(digests(again)).toEqual(digests(await collect({})));
  });

  it('asks for no more than a few batches ahead of the consumer', async () => {
    let reads = 0;
    const counting = {
      ...dataset,
      readInto: (...args: Parameters<Dataset['readInto']>) => (reads++, dataset.readInto(...args)),
    };
    const loader = loaderOf({ dataset: counting });
    const batches = loader.epoch(0);
    await batches.next();
    expect(reads).toBe(16);
    await batches.return?.();
  });

  it('passes on errors that a worker meets', async () => {
    const copy = join(folder, 'holed');
    // Without the file of locks: who closes it lets go of the locks that this process holds, by POSIX.
    await cp(dataset.folder, copy, { recursive: true, filter: (path) => !path.endsWith('lock.mdb') });
    const holed = openLmdb(copy, false);
    await holed.remove(imageKey('train', 150));
    await holed.close();
    const broken = openDataset(copy);
    await expect(collect({ dataset: broken, workers: 2 })).rejects.toThrow(/image\/train\/00000150 .* missing/);
    await expect(collect({ dataset: broken, workers: 0 })).rejects.toThrow(/missing/);
    await broken.close();
  });

  it('says so when a worker cannot open the dataset, and the next one does', async () => {
    const elsewhere = { ...dataset, folder: join(folder, 'nowhere') };
    await expect(collect({ dataset: elsewhere, workers: 1 })).rejects.toThrow(/No complete dataset/);
    expect(digests(await collect({ workers: 1 }))).toEqual(digests(await collect({})));
  });

  it('starts no thread where an earlier loader has given one back', async () => {
    const expected = [digests(await collect({}, 0)), digests(await collect({ augment: {} }, 1))];
    let started = 0;
    const count = (): void => void started++;
    process.on('worker', count);
    // Two at once, as training and measuring are.
    const all = (): Promise<Batch[][]> =>
      Promise.all([collect({ workers: 2 }, 0), collect({ workers: 2, augment: {} }, 1)]);
    await all();
    const first = started;
    for (let again = 0; again < 3; again++) expect((await all()).map(digests)).toEqual(expected);
    process.off('worker', count);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(4);
    expect(started).toBe(first);
  });

  it('reads no memory of others after it was closed', async () => {
    for (const workers of [0, 2]) {
      const loader = loaderOf({ workers });
      const batches = loader.epoch(0);
      await batches.next();
      await loader.close();
      await expect(batches.next()).rejects.toThrow(/closed while an epoch of it was under way/);
      expect(digests(await collect({ workers }))).toEqual(digests(await collect({})));
    }
  });

  it('gives memory back when no thread writes to it any more, and only then', async () => {
    const batchSize = 200;
    const slotsOf = (count: number): Uint8Array[] =>
      takeSlots(count, batchSize * 10 * 432).map((slot) => new Uint8Array(slot));
    slotsOf(1000); // what tests before gave back: from here on what nobody wrote to is zero
    const loader = loaderOf({ workers: 2, augment: { tenCrop: 12 }, batchSize, samplesPerEpoch: 7 * batchSize });
    await loader.epoch(0).next();
    const closing = loader.close();
    expect(slotsOf(7).filter((slot) => slot.some((value) => value !== 0))).toEqual([]);
    await closing;
    expect(slotsOf(7).filter((slot) => slot.some((value) => value !== 0))).toHaveLength(7);
  });

  it('is left when its threads write no batch of it any more', async () => {
    const seen = new Set<Worker>();
    let unanswered = 0;
    const { postMessage } = Worker.prototype;
    const posting = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (
      this: Worker,
      message: object,
    ) {
      if (!seen.has(this)) this.on('message', ({ kind }) => (unanswered -= kind === 'answer' ? 1 : 0));
      seen.add(this);
      unanswered += 'request' in message ? 1 : 0;
      postMessage.call(this, message);
    });
    const loader = loaderOf({ workers: 3, augment: { tenCrop: 12 }, batchSize: 100, samplesPerEpoch: 1000 });
    let most = 0;
    for (let epoch = 0; epoch < 10; epoch++) {
      for await (const batch of loader.epoch(epoch)) {
        expect(batch.labels).toHaveLength(100);
        most = Math.max(most, unanswered);
        break;
      }
      expect(unanswered).toBe(0);
    }
    expect(most).toBeGreaterThan(0);
    expect(seen.size).toBe(3);
    posting.mockRestore();
    await loader.close();
  });

  it('shares each batch between processes as it is cut: the parts are those of one process', async () => {
    const all = { dropLast: true, batchSize: 48 };
    const parts = (await collect(all, 1)).map((batch) => digests(cutBatch(batch, 4)));
    for (const of of [2, 4]) {
      const shares = await Promise.all(
        [...Array(of).keys()].map((index) => collect({ ...all, share: { index, of } }, 1)),
      );
      const shared = parts.map((_, number) => shares.flatMap((batches) => digests(cutBatch(batches[number]!, 4 / of))));
      expect(shared).toEqual(parts);
    }
    expect(() => loaderOf({ ...all, dropLast: false, share: { index: 0, of: 2 } })).toThrow(/cannot be shared by 2/);
    expect(() => loaderOf({ ...all, batchSize: 9, share: { index: 0, of: 2 } })).toThrow(/cannot be shared by 2/);
    const [batch] = await collect(all);
    expect(() => cutBatch(batch!, 5)).toThrow(/48 cannot be cut into 5 parts/);
  });

  it('refuses what makes no sense', () => {
    expect(() => loaderOf({ split: 'validation' })).toThrow(/no split "validation"/);
    expect(() => loaderOf({ indices: Uint32Array.of(203) })).toThrow(/outside/);
    expect(() => loaderOf({ batchSize: 0 })).toThrow(/Batch size/);
  });
});
