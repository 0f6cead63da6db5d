import { expect, test } from 'vitest';
import { pixelTensor } from '@selfsup/engine/device-tensor';
import { tf } from '@selfsup/engine/tensorflow';
import { wholeWork } from '@selfsup/kit/stage';
import type { HeadSource } from '../heads/head-source.ts';
import { testHead } from '../heads/head-test.ts';
import { never, randomDataset, silent } from '../testing/in-memory.ts';
import type { FrozenInput } from './frozen-input.ts';
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
    { config: {}, seed: 1, needs: {}, workFolder: '', progress: silent, signal: never, extent: wholeWork },
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

/** Tests a model that gives out what is put in: these logits, in views of the images of `labels`. */
async function testLogits(logits: number[][], labels: number[], views: number, average: 'logits' | 'softmax') {
  const classes = logits[0]!.length;
  const input = tf.input({ shape: [classes] });
  const outputs = tf.layers.activation({ activation: 'linear' }).apply(input) as tf.SymbolicTensor;
  const source = {
    shapes: [[1, 1, classes]],
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
    testViews: views,
    async *test() {
      await Promise.resolve();
      yield { features: [tf.tensor2d(logits)], labels: Int32Array.from(labels) };
    },
  } as unknown as HeadSource;
  const [measured] = await testHead(tf.model({ inputs: input, outputs }), source, average, {
    extent: wholeWork,
    signal: never,
  });
  return measured!;
}

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
  const byLogits = await testLogits(logits, [1, 2], 3, 'logits');
  const bySoftmax = await testLogits(logits, [1, 2], 3, 'softmax');
  expect(byLogits.confusion).toEqual([
    [0, 0, 0],
    [1, 0, 0],
    [0, 0, 1],
  ]);
  expect(bySoftmax.confusion).toEqual([
    [0, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
  expect(byLogits.top5).toBe(100);
});

test('beside a class that is all but certain the others keep their order for top-5', async () => {
  // exp(-295) is no float32: the softmax of all but the first is 0.
  const logits = [300, 0, 1, 2, 3, 4, 5];
  const right = [0, 6, 5, 4, 3, 2, 1].map(
    async (label) => (await testLogits([logits, logits], [label], 2, 'softmax')).top5,
  );
  expect(await Promise.all(right)).toEqual([100, 100, 100, 100, 100, 0, 0]);
});
