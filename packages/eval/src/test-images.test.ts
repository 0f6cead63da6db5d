import { pixelTensor } from '@selfsup/engine/pixels';
import { tf } from '@selfsup/engine/tensorflow';
import { expect, test } from 'vitest';
import type { FrozenInput } from './frozen-input.ts';
import type { HeadSource } from './head-source.ts';
import { testHead } from './head-test.ts';
import { never, randomDataset, silent } from './in-memory.fixture.ts';
import { liveTest } from './test-images.ts';

test('ten-crop shows the four corners, the middle, and all of them mirrored, to the pixel', async () => {
  const [count, side, crop] = [30, 10, 8];
  const dataset = randomDataset('test', count, side);
  const frozen = {
    input: { height: crop, width: crop, channels: 3 },
    apply: (images: Uint8Array, views: number) => [pixelTensor(images, [views, crop, crop, 3])],
    assertInference: () => undefined,
  };
  const test = await liveTest(
    { config: {}, seed: 1, needs: {}, workFolder: '', progress: silent, signal: never, dryRun: false },
    { dataset, frozen } as unknown as FrozenInput,
    ['conv1'],
    { train: { split: 'train' }, test: { split: 'test' }, workers: 0, testView: { tenCrop: crop } },
  );
  expect(test.views).toBe(10);
  const corners = [
    [0, 0],
    [0, 2],
    [2, 0],
    [2, 2],
    [1, 1],
  ] as const;
  let image = 0;
  for await (const { features, labels } of test.batches()) {
    const shown = features[0]!.arraySync() as number[][][][];
    for (const label of labels) {
      expect(label).toBe(image % 2);
      const pixels = dataset.image('test', image);
      const cut = (top: number, left: number, mirrored: boolean) =>
        Array.from({ length: crop }, (_, y) =>
          Array.from({ length: crop }, (_, x) => {
            const at = ((top + y) * side + left + (mirrored ? crop - 1 - x : x)) * 3;
            return [...pixels.subarray(at, at + 3)];
          }),
        );
      const expected = [false, true].flatMap((mirrored) => corners.map(([top, left]) => cut(top, left, mirrored)));
      expect(shown.splice(0, 10)).toEqual(expected);
      image++;
    }
    expect(shown).toEqual([]);
    tf.dispose([...features]);
  }
  expect(image).toBe(count);
  await test.close();
});

test('logits or their softmax are averaged over the views of an image', async () => {
  // Softmax limits what one sure view can say against two less sure ones.
  const logits = [
    [9, 0, -9],
    [0, 3, -9],
    [0, 3, -9],
    [0, 1, 2],
    [0, 1, 2],
    [0, 1, 2],
  ];
  const input = tf.input({ shape: [3] });
  const model = tf.model({
    inputs: input,
    outputs: tf.layers.activation({ activation: 'linear' }).apply(input) as tf.SymbolicTensor,
  });
  const source = {
    shapes: [[1, 1, 3]],
    classes: ['a', 'b', 'c'],
    testViews: 3,
    async *test() {
      await Promise.resolve();
      yield { features: [tf.tensor2d(logits)], labels: Int32Array.of(1, 2) };
    },
  } as unknown as HeadSource;
  const [byLogits] = await testHead(model, source, 'logits', { dryRun: false, signal: never });
  const [bySoftmax] = await testHead(model, source, 'softmax', { dryRun: false, signal: never });
  expect(byLogits!.confusion).toEqual([
    [0, 0, 0],
    [1, 0, 0],
    [0, 0, 1],
  ]);
  expect(bySoftmax!.confusion).toEqual([
    [0, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
  expect(byLogits!.top5).toBe(100);
});
