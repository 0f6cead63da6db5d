import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { normal, randomKey, uniform } from '@selfsup/kit/random';
import { loadEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { generatedDataset } from '../../testing/generated-dataset.ts';
import { trainingContext } from '../../testing/training-context.ts';
import { trainOn } from '../../training/run-training.ts';
import { kmeansInit } from './kmeans-init.ts';
import { drawPatches, patchFilters } from './patch-filters.ts';
import { initialise } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kmeans-init-'));
afterAll(() => rmSync(folder, { recursive: true }));
const key = randomKey(3);

test('patches of a few patterns give a filter for each, which answers to it alone', async () => {
  const [patterns, width, rows] = [4, 12, 400];
  const values = Array.from({ length: patterns * width }, (_, i) => 5 * normal(key, i));
  const patches = Float32Array.from({ length: rows * width }, (_, i) => {
    const pattern = Math.floor(i / width) % patterns;
    return values[pattern * width + (i % width)]!;
  });
  const filters = await patchFilters(patches, width, { filters: patterns, iterations: 20, seed: 2 });
  const mean = Array.from(
    { length: width },
    (_, x) => values.filter((_, i) => i % width === x).reduce((a, b) => a + b) / patterns,
  );
  const answers = Array.from({ length: patterns }, (_, pattern) =>
    Array.from({ length: patterns }, (_, filter) =>
      mean.reduce((sum, m, x) => sum + (values[pattern * width + x]! - m) * filters[filter * width + x]!, 0),
    ),
  );
  // Whitened, equally frequent patterns are the corners of a regular simplex: cosines 1 and −1/(n − 1), norms √(n − 1).
  for (const row of answers) {
    const sorted = row.toSorted((a, b) => b - a);
    expect(sorted[0]! / Math.sqrt(patterns - 1)).toBeCloseTo(1, 2);
    for (const other of sorted.slice(1)) expect(other / Math.sqrt(patterns - 1)).toBeCloseTo(-1 / (patterns - 1), 2);
  }
  expect(new Set(answers.map((row) => row.indexOf(Math.max(...row)))).size).toBe(patterns);
});

test('patches are cut from the maps, whole, from the channels of their group', () => {
  const shape = [3, 6, 5, 4] as const;
  const values = Float32Array.from({ length: 360 }, (_, i) => i);
  const patches = drawPatches({ values, shape }, { height: 2, width: 3, firstChannel: 2, channels: 2 }, 200, key);
  const tops = new Set<number>();
  for (let patch = 0; patch < 200; patch++) {
    const [first, ...rest] = patches.subarray(patch * 12, patch * 12 + 12);
    const [column, row] = [Math.floor(first! / 4) % 5, Math.floor(first! / 20) % 6];
    tops.add(row * 5 + column);
    expect(first! % 4).toBe(2);
    expect(column).toBeLessThanOrEqual(2);
    expect(row).toBeLessThanOrEqual(4);
    const offsets = [0, 1].flatMap((y) => [0, 1, 2].flatMap((x) => [0, 1].map((c) => 20 * y + 4 * x + c)));
    expect([first!, ...rest]).toEqual(offsets.map((offset) => first! + offset));
  }
  expect(tops.size).toBe(15);
});

test.each([
  ['nin', { name: 'nin', blocks: 3, width: 12 }, 16],
  ['grouped, with biases', { name: 'cfn', widthMultiplier: 0.08 }, 64],
  ['batch norm and biases', { name: 'alexnet', variant: 'rotnet', widthMultiplier: 0.06 }, 224],
])('%s: every channel has mean 0.1 and deviation 1 on the images', async (_, network, side) => {
  const { build } = await configureNetwork(network);
  const encoder = build({ height: side, width: side, channels: 3 }, key);
  const count = side > 100 ? 3 : 12;
  const pixels = Float32Array.from({ length: count * side * side * 3 }, (_, i) => {
    // Flat squares of one colour with noise: a picture, as far as neighbouring pixels are alike.
    const [x, y] = [Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
    const square = Math.floor(x / 5) + 1000 * Math.floor(y / 5) + 1e6 * (i % 3);
    return 2 * uniform(key, square) + 0.5 * uniform(randomKey(4), i) - 1;
  });
  const images = tf.tensor4d(pixels, [count, side, side, 3]);
  const kept = images.clone();
  await initialise(encoder, images, { filters: 'kmeans', patches: 3000, iterations: 5, key });
  for (const layer of encoder.layers) {
    if (!['Conv2D', 'GroupedConv2D'].includes(layer.getClassName())) continue;
    const output = tf.model({ inputs: encoder.inputs, outputs: layer.output as tf.SymbolicTensor }).predict(kept);
    const { mean, variance } = tf.moments(output as tf.Tensor, [0, 1, 2]);
    const norm = encoder.layers.find(
      (other) => (other.input as tf.SymbolicTensor).id === (layer.output as tf.SymbolicTensor).id,
    );
    const biased = layer.weights.length > 1;
    const moved = biased ? mean : mean.sub(norm!.getWeights()[2]!).add(norm!.getWeights()[1]!);
    expect(moved.sub(0.1).abs().max().dataSync()[0], layer.name).toBeLessThan(2e-3);
    const still = variance.less(1e-6); // channels without any variation, were there some
    expect(still.sum().dataSync()[0], layer.name).toBe(0);
    expect(variance.sub(1).abs().max().dataSync()[0], layer.name).toBeLessThan(2e-3);
    if (!biased) expect(Array.from(norm!.getWeights()[3]!.dataSync())).toEqual(Array(mean.size).fill(1));
  }
  encoder.dispose();
});

test('is a stage: the same seed gives the same bits, and many images are refused', async () => {
  const run = async (name: string, seed: number, changes: object = {}) => {
    const task = { patches: 500, iterations: 3, ...changes };
    const context = { ...trainingContext(kmeansInit, join(folder, name), { task, epochs: 0 }), seed };
    const { blobs, metrics, figures } = await trainOn(generatedDataset(), kmeansInit, context);
    expect(metrics).toEqual([]);
    return { encoder: await loadEncoder(blobs!['checkpoint']!), figures };
  };
  const first = await run('a', 1);
  expect(first.encoder.description).toMatchObject({ task: 'kmeans-init', step: 0 });
  expect(first.figures!.map(({ kind }) => kind)).toContain('filters');
  const again = await run('b', 1);
  expect(again.encoder.tensors).toEqual(first.encoder.tensors);
  const other = await run('c', 2);
  const kernel = 'encoder/block2_conv1/kernel';
  expect(other.encoder.tensors.get(kernel)).not.toEqual(first.encoder.tensors.get(kernel));
  const drawn = await run('d', 1, { filters: 'random' });
  expect(drawn.encoder.tensors.get(kernel)).not.toEqual(first.encoder.tensors.get(kernel));
  await expect(run('g', 1, { balance: true })).rejects.toMatchObject({ field: 'task.balance' }); // NIN has batch norm
  await expect(run('e', 1, { patches: 4 })).rejects.toMatchObject({ field: 'task.patches' });
  const many = trainOn(
    generatedDataset(16, { train: 2100, test: 4 }),
    kmeansInit,
    trainingContext(kmeansInit, join(folder, 'f'), { epochs: 0 }),
  );
  await expect(many).rejects.toMatchObject({ field: 'data.subset' });
});

test('balanced, all layers of a network without batch norm change at the same rate', async () => {
  const network = { name: 'cfn', widthMultiplier: 0.08 };
  const task = { patches: 500, iterations: 3, balance: true };
  const context = trainingContext(kmeansInit, join(folder, 'balanced'), { network, task, epochs: 0 });
  await trainOn(generatedDataset(64, { train: 16, test: 4 }), kmeansInit, context);
  const [, after, before] = /rates differ ([\d.]+) times, ([\d.]+) before/.exec(context.progress.lines.join('\n'))!;
  expect(Number(after)).toBeLessThan(1.2);
  expect(Number(before)).toBeGreaterThan(2);
});
