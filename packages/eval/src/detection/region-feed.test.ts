import { expect, test } from 'vitest';
import type { Dataset } from '@selfsup/data/dataset';
import { randomDataset } from '../testing/in-memory.ts';
import { offsetScale, regionFeed, type Propose } from './region-feed.ts';
import { fastRcnnSampling } from './region-sampling.ts';

const [HEIGHT, WIDTH, IMAGES] = [40, 60, 9];
let read: number[] = [];
/** Left half 0, right half 100 and the image's number; an object in the right half. */
const dataset: Dataset = {
  ...randomDataset('train', IMAGES, 4),
  picture: (_, i) => {
    read.push(i);
    const pixels = Uint8Array.from({ length: HEIGHT * WIDTH * 3 }, (_, at) =>
      Math.floor(at / 3) % WIDTH < WIDTH / 2 ? 0 : 100 + i,
    );
    return { height: HEIGHT, width: WIDTH, channels: 3, pixels };
  },
  annotations: () => ({
    boxes: [{ label: 1, left: 32, top: 4, right: 56, bottom: 34, difficult: false, truncated: false }],
  }),
};
const propose: Propose = () => Float32Array.of(30, 4, 54, 34, 20, 10, 50, 38, 0, 0, 20, 20);
const images = {
  dataset,
  split: 'train',
  indices: Uint32Array.from({ length: IMAGES }, (_, i) => i),
  propose,
  difficult: true,
};
const feed = (samplesPerEpoch: number | undefined, batchSize: number) =>
  regionFeed({
    ...{ ...images, samplesPerEpoch, batchSize, scales: [{ side: HEIGHT, most: 100 }], key: [1, 2] },
    ...{ rule: { ...fastRcnnSampling, regions: 8 }, scale: offsetScale(images, 3, 0.5), onSize: () => undefined },
  });

/** The images of an epoch's batches by number, mirrored ones negative. */
async function drawn(epoch: number, samplesPerEpoch: number | undefined, batchSize = 1): Promise<number[]> {
  const found: number[] = [];
  for await (const { images: batch } of feed(samplesPerEpoch, batchSize).epoch(epoch, 0, undefined))
    for (let place = 0; place < batch.count; place++) {
      const at = (x: number) => batch.images[(place * batch.height * batch.width + x) * 3]!;
      found.push(at(0) === 0 ? at(WIDTH - 1) - 99 : 99 - at(0));
    }
  return found;
}
const both = Array.from({ length: 2 * IMAGES }, (_, i) => (i < IMAGES ? i - IMAGES : i - IMAGES + 1));
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

test('every image comes once as it is and once mirrored, whatever the length of epochs', async () => {
  expect(sorted(await drawn(0, undefined))).toEqual(both);
  const short = [await drawn(0, 6), await drawn(1, 6), await drawn(2, 6)];
  expect(sorted(short.flat())).toEqual(both);
  expect(await drawn(1, 6)).toEqual(short[1]);
});

test('only the images of a batch are read, when it is asked for', async () => {
  const epoch = feed(undefined, 2).epoch(0, 0, undefined)[Symbol.asyncIterator]();
  read = [];
  for (const expected of [2, 4, 6]) {
    await epoch.next();
    expect(read).toHaveLength(expected);
  }
});

test('regions of the object come first, with its class and standardised offsets; what is missing counts for nothing', async () => {
  for await (const { labels, counts, offsets, corners, places } of feed(undefined, 2).epoch(0, 0, undefined)) {
    // Of three proposals and the object, two overlap it by half, one is background of too little overlap.
    expect([...labels]).toEqual([2, 2, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0]);
    expect([...counts]).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
    expect(places).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(corners).toHaveLength(64);
    expect(corners.slice(12, 24)).toEqual(corners.slice(0, 12));
    // Across one lies 2 of 24 pixels off, the other not at all; mirrored images count too, so the mean is 0.
    const across = [offsets[0]!, offsets[4]!].map(Math.abs).sort();
    expect(across[0]).toBeCloseTo(0, 5);
    expect(across[1]).toBeCloseTo(Math.SQRT2, 5);
  }
});
