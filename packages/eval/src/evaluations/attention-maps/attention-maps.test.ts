import { beforeAll, expect, test } from 'vitest';
import { openDataset } from '@selfsup/data/dataset';
import { tf } from '@selfsup/engine/tensorflow';
import { metricValues } from '@selfsup/kit/metric';
import type { StageInput } from '@selfsup/kit/stage';
import { loadEncoder, saveEncoder } from '@selfsup/models/encoder';
import { NpyReader } from '@selfsup/numerics/npy';
import { figureData } from '@selfsup/report/testing/figure-data';
import { randomEncoder, resultOf, run, shapes, workFolderOf } from '../../testing/stages.ts';
import attentionMaps from './attention-maps.ts';
import { attentionStrip } from './attention-strip.ts';

let needs: Record<'encoder' | 'dataset', StageInput>;
beforeAll(async () => {
  needs = { encoder: await randomEncoder(), dataset: await shapes(16) };
});

const mapsOf = (path: string): Float32Array => {
  const file = new NpyReader(path);
  const values = file.all() as Float32Array;
  file.close();
  return values;
};

test('maps are sums of powers of the layer’s own output for the turned image, pictures are grouped by layer', async () => {
  const config = { layers: ['conv1', 'conv3'], images: { list: [7, 3] }, powers: { conv3: 3 } };
  const { blobs, metrics } = await run(attentionMaps, 'maps', config, needs);

  const { model, normalisation } = await loadEncoder(needs.encoder.blob('checkpoint'));
  const dataset = openDataset(needs.dataset.blob('lmdb'));
  const pixels = tf.tensor4d(Float32Array.from(dataset.image('test', 3)), [1, 16, 16, 3]);
  await dataset.close();
  // 270° counter-clockwise: a flip up-down, then a transpose.
  const turned = pixels.reverse(1).transpose([0, 2, 1, 3]).sub(normalisation.mean[0]!).div(normalisation.std[0]!);
  const probe = tf.model({ inputs: model.inputs, outputs: model.getLayer('conv3').output as tf.SymbolicTensor });
  const expected = (probe.predict(turned) as tf.Tensor).abs().pow(3).sum(-1).dataSync();
  const maps = mapsOf(blobs!['maps-conv3']!); // [2 images, 4 rotations, 4, 4]
  expect(maps).toHaveLength(2 * 4 * 16);
  maps.subarray(7 * 16).forEach((value, i) => expect(value / expected[i]!).toBeCloseTo(1, 4));

  expect(Object.keys(metricValues(metrics))).toEqual([
    'attention/power-1/conv1/rotation-correlation',
    'attention/power-3/conv3/rotation-correlation',
  ]);
  for (const value of Object.values(metricValues(metrics))) expect(Math.abs(value)).toBeLessThan(1);
  const { pictures } = figureData(resultOf('maps'), 'pictures');
  expect(pictures.map(({ group, caption }) => `${group}: ${caption.replace(/^.*, /, '')}`)).toEqual([
    'attention of conv1, power 1: test image 7',
    'attention of conv1, power 1: test image 3',
    'attention of conv3, power 3: test image 7',
    'attention of conv3, power 3: test image 3',
  ]);
  const picture = tf.node.decodePng(pictures[0]!.image);
  expect(picture.shape).toEqual([64, 5 * 68 - 4, 3]);
});

test('two encoders of one seed are shown the same images, and the same bytes come again', async () => {
  const first = await loadEncoder(needs.encoder.blob('checkpoint'));
  first.model.setWeights(first.model.getWeights().map((weight) => weight.add(0.01)));
  const path = workFolderOf('other-checkpoint');
  await saveEncoder(path, { encoder: first.model }, first.description);
  const encoder: StageInput = { ...needs.encoder, blob: () => path };
  const config = { layers: ['conv2'], images: { count: 5 }, rotations: [0, 180] };
  await run(attentionMaps, 'one', config, needs);
  await run(attentionMaps, 'two', config, { ...needs, encoder });
  await run(attentionMaps, 'again', config, needs);
  const [one, two, again] = ['one', 'two', 'again'].map((name) => figureData(resultOf(name), 'pictures').pictures);
  const places = (pictures: typeof one) => pictures!.map(({ group, caption }) => [group, caption]);
  expect(places(two)).toEqual(places(one));
  expect(two![0]!.image).not.toEqual(one![0]!.image);
  expect(again).toEqual(one);
});

test('a strip shows the upright image in colour, then grey under colours that grow lighter with attention', () => {
  const pixels = Uint8Array.from({ length: 2 * 2 * 3 }, (_, i) => (i % 3 === 0 ? 200 : 0));
  const picture = { pixels, height: 2, width: 2, channels: 3 };
  const map = { values: Float32Array.from([5, 5, 5, 9]), height: 2, width: 2 };
  const png = attentionStrip(picture, [{ picture, map }], 2);
  const rows = tf.node.decodePng(png).arraySync() as number[][][];
  expect([rows.length, rows[0]!.length]).toEqual([2, 8]);
  expect(rows[0]![0]).toEqual([200, 0, 0]);
  expect(rows[0]![3]).toEqual([128, 128, 128]); // between the copies
  expect(rows[0]![6]).toEqual([27, 30, 53]); // 0.65 × (10, 14, 50) + 0.35 × 59.8 of grey
  expect(rows[1]![7]).toEqual([187, 181, 144]); // 0.65 × (255, 246, 190) + 0.35 × 59.8
});

test('what cannot be shown is refused by name', async () => {
  const config = { layers: ['conv1'] };
  await expect(run(attentionMaps, 'x', { layers: ['conv9'] }, needs)).rejects.toMatchObject({
    message: "The encoder has no layer 'conv9'",
    field: 'layers',
    remedy: 'Use one of: conv1, conv2, conv3.',
  });
  expect(() => attentionMaps.schema.parse({ ...config, powers: { conv2: 2 } })).toThrow(/is none of: conv1/);
  expect(() => attentionMaps.schema.parse({ ...config, rotations: [45] })).toThrow(/rotations/);
  expect(() => attentionMaps.schema.parse({ ...config, rotation: [0] })).toThrow(/rotation/);
  await expect(run(attentionMaps, 'x', { ...config, images: { fraction: 1 }, split: 'train' }, needs)).rejects.toThrow(
    '200 images are more than the 100 that can be shown',
  );
  await expect(run(attentionMaps, 'x', { ...config, images: { firstPerClass: 50 } }, needs)).rejects.toMatchObject({
    field: 'images.firstPerClass',
  });
  await expect(run(attentionMaps, 'x', { ...config, split: 'val' }, needs)).rejects.toMatchObject({ field: 'split' });
  const broken = await loadEncoder(needs.encoder.blob('checkpoint'));
  broken.model.setWeights(broken.model.getWeights().map((weight) => weight.mul(1e20)));
  const path = workFolderOf('broken-checkpoint');
  await saveEncoder(path, { encoder: broken.model }, broken.description);
  const diverged = { ...needs, encoder: { ...needs.encoder, blob: () => path } };
  await expect(run(attentionMaps, 'x', { ...config, rotations: [0] }, diverged)).rejects.toThrow(
    /^The attention of conv1 to image \d+ of test is NaN or infinite/,
  );
});
