import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { unkept } from '@selfsup/trainer/parts';
import type { TaskContext } from '../task.ts';
import type { GanConfig } from './config.ts';
import { GanMeasures } from './measures.ts';
import type { GanNetworks } from './networks.ts';

const images = {
  train: { pixels: [[0, 0], [10, 0], [0, 10]], labels: [0, 1, 2] }, // prettier-ignore
  test: { pixels: [[1, 0], [9, 0], [0, 8], [4, 0]], labels: [0, 1, 2, 1] }, // prettier-ignore
};

/** Images of two pixels in batches of three; the code of an image is its first pixel, from which (code, 0) is made. */
function measures(config: object = {}, labelled = true): GanMeasures {
  const context = {
    config: { measured: { train: 60, test: 60, generated: 1000, ...config } },
    dataset: { count: (split: 'train' | 'test') => images[split].labels.length },
    trainingSplit: 'train',
    trainingIndices: Uint32Array.of(0, 1, 2),
    testSplit: 'test',
    signal: new AbortController().signal,
    key: () => [1, 2],
    async *batches(split: 'train' | 'test', indices: Uint32Array) {
      for (let at = 0; at < indices.length; at += 3) {
        const chosen = [...indices.slice(at, at + 3)];
        const labels = Int32Array.from(chosen, (i) => (labelled ? images[split].labels[i]! : -1));
        yield { labels, chosen: chosen.map((i) => images[split].pixels[i]) };
      }
    },
  };
  const map = (x: tf.Tensor) => x.reshape([-1, 1, 2, 1]) as tf.Tensor4D;
  const networks = {
    seen: ({ chosen }: { chosen: number[][] }) => map(tf.tensor2d(chosen)),
    toGenerated: (x: tf.Tensor) => x,
    toSeen: (x: tf.Tensor) => x,
    encode: (x: tf.Tensor) => {
      const before = x.reshape([-1, 2]);
      return { before, codes: before.slice([0, 0], [-1, 1]) };
    },
    generate: (codes: tf.Tensor2D) => map(tf.concat([codes, tf.zerosLike(codes)], 1)),
    draw: (_key: unknown, count: number) => tf.linspace(0, 8, count).reshape([count, 1]),
  };
  return new GanMeasures(context as unknown as TaskContext<GanConfig>, networks as unknown as GanNetworks);
}

test('reconstruction: errors, those against the next image of the batch, and what generated images give', async () => {
  const found = await measures().reconstruction(unkept);
  // Only the third test image loses something, its second pixel of 8.
  expect(found['reconstruction-error']).toBeCloseTo(8 / 4, 6);
  // The first batch: (1,0) against (9,0), (9,0) against (0,0), (0,8) against (1,0); the last image has no next one.
  expect(found['shifted-reconstruction-error']).toBeCloseTo((8 + 9 + Math.sqrt(65)) / 3, 5);
  expect(found['reconstruction-ratio']).toBeCloseTo(2 / ((17 + Math.sqrt(65)) / 3), 6);
  expect(found['generated-reconstruction-error']).toBe(0);
  expect(found['code-error']).toBe(0);
  expect(found['shifted-generated-reconstruction-error']).toBeGreaterThan(0);
});

test('nearest neighbours: labels of training images, distances to generated ones', async () => {
  const found = await measures().neighbours();
  // By the first pixel alone, (0,8) is as near to (0,0) as to (0,10), and the lower row wins; (4,0) goes to (0,0).
  expect(found['1nn-code']).toBe(50);
  expect(found['1nn-before-code']).toBe(75);
  expect(found['1nn-pixels']).toBe(75);
  // Generated: (0..8, 0) in steps of 8/249, four times over. Nearest to (1,0) and (4,0) about themselves, to (9,0) (8,0).
  expect(found['nearest-generated']).toBeCloseTo((0 + 1 + 8 + 0) / 4, 1);
  // A tenth ends at 99 · 8/249, a hundredth at 9 · 8/249.
  const nearest = (last: number) => {
    const to = (x: number, y: number) => Math.hypot(Math.max(0, x - (last * 8) / 249), y);
    return (to(1, 0) + to(9, 0) + to(0, 8) + to(4, 0)) / 4;
  };
  expect(found['nearest-generated-of-a-tenth']).toBeCloseTo(nearest(99), 2);
  expect(found['nearest-generated-of-a-hundredth']).toBeCloseTo(nearest(9), 2);
});

test('images without labels have no accuracy', async () => {
  const names = ['nearest-generated', 'nearest-generated-of-a-tenth', 'nearest-generated-of-a-hundredth'];
  expect(Object.keys(await measures({}, false).neighbours())).toEqual(names);
});
