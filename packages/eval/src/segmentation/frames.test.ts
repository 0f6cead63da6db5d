import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { randomDataset } from '../testing/in-memory.ts';
import { frameFeed, framesOf, singleFrames, VOID } from './frames.ts';

/** Two images, 2 × 3 and 3 × 2, whose pixels and masks tell their place. */
const plain = randomDataset('train', 4, 4);
const sizes = [
  { height: 2, width: 3 },
  { height: 3, width: 2 },
];
const dataset: Dataset = {
  ...plain,
  picture: (_, i) => ({
    ...sizes[i]!,
    channels: 3,
    pixels: Uint8Array.from({ length: 18 }, (_, at) => 10 * Math.floor(at / 3) + (at % 3) + 100 * i),
  }),
  mask: (_, i) => ({ ...sizes[i]!, classes: Uint8Array.from({ length: 6 }, (_, at) => at) }),
};

test('images lie at the left top of their frames, all else is void', () => {
  const { rows, columns, labels, images } = framesOf(dataset, 'train', [0, 1], { height: 3, width: 4 });
  expect([...rows]).toEqual([1, 1, 0, 1, 1, 1]);
  expect([...columns]).toEqual([1, 1, 1, 0, 1, 1, 0, 0]);
  expect([...labels]).toEqual([
    ...[0, 1, 2, VOID, 3, 4, 5, VOID, VOID, VOID, VOID, VOID],
    ...[0, 1, VOID, VOID, 2, 3, VOID, VOID, 4, 5, VOID, VOID],
  ]);
  expect([...images.subarray(3 * 4, 3 * 5)]).toEqual([30, 31, 32]); // second row, first column of image 0
  const [, second] = singleFrames(framesOf(dataset, 'train', [0, 1], { height: 3, width: 4 }));
  expect(second).toEqual(framesOf(dataset, 'train', [1], { height: 3, width: 4 }));
});

test('a part of a larger image, mirrored', () => {
  const cut = { left: 1, top: 0, flip: true };
  const { labels, images } = framesOf(dataset, 'train', [0], { height: 2, width: 2 }, () => cut);
  expect([...labels]).toEqual([2, 1, 5, 4]);
  expect([...images.subarray(0, 3)]).toEqual([20, 21, 22]);
});

test('each image comes as often as any other, cut and mirrored anew, a function of epoch and place', async () => {
  const options = { dataset, split: 'train', indices: Uint32Array.of(0, 1), batchSize: 2, samplesPerEpoch: 8 };
  const feed = frameFeed({ ...options, size: { height: 2, width: 2 }, flip: true, key: [1, 2] });
  expect(feed.batchesPerEpoch).toBe(4);
  const all = async (epoch: number, from: number) => {
    const batches = [];
    for await (const batch of feed.epoch(epoch, from, undefined)) batches.push(String(batch.labels));
    return batches;
  };
  const first = await all(0, 0);
  expect(await all(0, 2)).toEqual(first.slice(2));
  expect(await all(1, 0)).not.toEqual(first);
  expect(new Set(first.flatMap((labels) => labels.split(',').slice(0, 4).join())).size).toBeGreaterThan(1);
});

test('an image without a mask is named', () => {
  expect(() => framesOf(plain, 'train', [3], { height: 4, width: 4 })).toThrow('Image 3 of train has no mask');
});
