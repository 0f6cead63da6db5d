import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { randomDataset } from '../testing/in-memory.ts';
import { imageFeed, type TrainingImage } from './image-feed.ts';

const [HEIGHT, WIDTH, IMAGES] = [40, 60, 3];
/** Left half 0, right half 100 and the image's number; an object at the right, and a difficult one. */
const dataset: Dataset = {
  ...randomDataset('train', IMAGES, 4),
  picture: (_, i) => {
    const pixels = Uint8Array.from({ length: HEIGHT * WIDTH * 3 }, (_, at) =>
      Math.floor(at / 3) % WIDTH < WIDTH / 2 ? 0 : 100 + i,
    );
    return { height: HEIGHT, width: WIDTH, channels: 3, pixels };
  },
  annotations: () => ({
    boxes: [false, true].map((difficult) => ({
      ...{ label: 1, left: 32, top: 4, right: 56, bottom: 34, truncated: false },
      difficult,
    })),
  }),
};
const sizes: string[] = [];
const feed = (difficult: boolean) =>
  imageFeed({
    ...{ dataset, split: 'train', indices: Uint32Array.of(0, 1, 2), difficult, batchSize: 2, key: [1, 2] },
    scales: [{ side: 80, most: 200 }],
    onSize: ({ height, width }) => void sizes.push(`${height} × ${width}`),
  });
async function all(difficult: boolean, epoch = 0): Promise<TrainingImage[]> {
  const found: TrainingImage[] = [];
  for await (const batch of feed(difficult).epoch(epoch, 0, undefined)) found.push(...batch);
  return found;
}

test('each image stands for itself with its objects in the pixels of its frame, mirrored with it', async () => {
  const images = await all(false);
  expect(sizes).toEqual(new Array(2 * IMAGES).fill('128 × 128'));
  const numbers = images.map(({ images: frame, truth }) => {
    expect([frame.count, truth.labels]).toEqual([1, [2]]);
    const isMirrored = frame.images[0]! > 50;
    // Twice the size: 64, 8, 112, 68 of 120 pixels across.
    expect([...truth.boxes]).toEqual(isMirrored ? [8, 8, 56, 68] : [64, 8, 112, 68]);
    const number = frame.images[3 * (isMirrored ? 0 : 119)]! - 100;
    return isMirrored ? -1 - number : number;
  });
  expect(numbers.sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2]);
  expect(new Set(images.map(({ key }) => String(key))).size).toBe(2 * IMAGES);
});

test('difficult objects are left out unless asked for; the same position gives the same', async () => {
  expect((await all(true)).map(({ truth }) => truth.labels)).toEqual(new Array(2 * IMAGES).fill([2, 2]));
  const keys = (images: TrainingImage[]) => images.map(({ key }) => String(key));
  expect(await all(false, 1)).toEqual(await all(false, 1));
  expect(keys(await all(false, 1))).not.toEqual(keys(await all(false, 0)));
});
