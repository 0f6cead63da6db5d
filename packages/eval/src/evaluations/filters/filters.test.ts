import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import type { StageInput } from '@selfsup/kit/stage';
import { loadEncoder, saveEncoder } from '@selfsup/models/encoder';
import { configureNetwork } from '@selfsup/models/network';
import { figureData } from '@selfsup/report/testing/figure-data';
import { randomEncoder, resultOf, run, workFolderOf } from '../../testing/stages.ts';
import filters from './filters.ts';
import { imageKernels } from './image-kernels.ts';
import { stretchedFilters } from './run.ts';

const colour = { height: 16, width: 16, channels: 3 };

/** A published encoder of this network with random weights. */
async function encoderOf(section: { name: string }, input = colour): Promise<StageInput> {
  const network = await configureNetwork(section);
  const { name, ...config } = section;
  const path = workFolderOf(`checkpoint-${name}-${input.channels}`);
  const encoder = network.build(input, randomKey(1));
  const facts = { task: 'random', step: 0, epoch: 0, seed: 1, batchNormStatistics: 'joint' } as const;
  const normalisation = { mean: [120], std: [60] };
  await saveEncoder(path, { encoder }, { ...facts, network: { name, config }, normalisation });
  encoder.dispose();
  return { ref: 'pretrain', folder: '', metrics: [], blob: () => path };
}

test('kernels are stretched each by itself or all together, least to greatest', () => {
  // Two kernels of 1 × 2 pixels and one channel: (−1, 3) and (0, 1).
  const kernels = { layer: 'conv', shape: [1, 2, 1, 2] as const, values: Float32Array.from([-1, 0, 3, 1]) };
  const bytes = (contrast: 'each' | 'all') => [...Buffer.from(stretchedFilters(kernels, contrast).pixels, 'base64')];
  expect(bytes('each')).toEqual([0, 255, 0, 255]);
  expect(bytes('all')).toEqual([0, 255, 64, 128]);
  const flat = { ...kernels, values: new Float32Array(4) };
  expect(Buffer.from(stretchedFilters(flat, 'each').pixels, 'base64')[0]).toBe(128);
  expect(() => stretchedFilters({ ...kernels, shape: [1, 1, 2, 2] }, 'each')).toThrow("'conv' have 2 channels");
});

test('the first convolution of a network on colour images gives a grid in colour, for the report and as PNG', async () => {
  const encoder = await randomEncoder();
  const { files } = await run(filters, 'nin', { cell: 10 }, { encoder });
  const figure = figureData(resultOf('nin'), 'filters');
  expect(figure).toMatchObject({ layer: 'block1_conv1', shape: [12, 5, 5, 3] });
  const { model } = await loadEncoder(encoder.blob('checkpoint'));
  const kernel = (model.getLayer('block1_conv1').weights[0]!.read() as tf.Tensor4D).arraySync();
  const all = kernel.flat(2).map((row) => row[7]!); // the eighth kernel, [row, column, channel]
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const expected = all.map((value) => Math.round((255 * (value - low)) / (high - low)));
  expect([...Buffer.from(figure.pixels, 'base64').subarray(7 * 75, 8 * 75)]).toEqual(expected);
  // Four columns of 5 pixels and a line between, each pixel doubled; the eighth kernel ends the second row.
  const png = tf.node.decodePng(readFileSync(files!['filters.png']!)).arraySync() as number[][][];
  expect([png.length, png[0]!.length]).toEqual([2 * (3 * 6 - 1), 2 * (4 * 6 - 1)]);
  expect(png[2 * 6]![2 * 18]).toEqual(expected.slice(0, 3));
});

test('kernels on grey images are grey', async () => {
  const encoder = await encoderOf({ name: 'nin' }, { height: 16, width: 16, channels: 1 });
  await run(filters, 'grey', { contrast: 'all' }, { encoder });
  expect(figureData(resultOf('grey'), 'filters').shape).toEqual([192, 5, 5, 1]);
});

test('a kernel behind Sobel filters is shown as the one kernel on the grey image that both are', async () => {
  const section = { name: 'alexnet', sobel: true, widthMultiplier: 0.05 };
  const network = await configureNetwork(section);
  const model = network.build({ height: 224, width: 224, channels: 3 }, randomKey(3));
  const kernels = imageKernels({ model, network });
  const [, , , count] = kernels.shape;
  expect(kernels).toMatchObject({ layer: 'conv1_convolution on sobel', shape: [13, 13, 1, count] });
  const image = tf.randomNormal([1, 13, 13, 3], 0, 1, 'float32', 5) as tf.Tensor4D;
  const weightOf = (name: string) => model.getLayer(name).weights[0]!.read() as tf.Tensor4D;
  const after = tf.conv2d(tf.conv2d(image, weightOf('sobel'), 1, 'valid'), weightOf('conv1_convolution'), 1, 'valid');
  const grey = image.mean(3, true) as tf.Tensor4D;
  const once = tf.conv2d(grey, tf.tensor4d(kernels.values, [...kernels.shape]), 1, 'valid');
  expect(once.shape).toEqual([1, 1, 1, count]);
  const expected = after.dataSync();
  once.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  model.dispose();
});

test('networks without a convolution on the image are refused, naming the layer', async () => {
  const refusal = async (section: { name: string }, input = colour) =>
    run(filters, 'x', {}, { encoder: await encoderOf(section, input) });
  await expect(refusal({ name: 'bigan-mlp' })).rejects.toMatchObject({ field: 'needs.encoder' });
  await expect(refusal({ name: 'bigan-mlp' })).rejects.toThrow(
    /the first layer of 'bigan-mlp' is '\w+', of the kind Flatten/,
  );
  await expect(refusal({ name: 'pixels' })).rejects.toThrow("'pixels' is 'pixels', of the kind Activation");
  await expect(refusal({ name: 'scattering' })).rejects.toThrow("first layer of 'scattering' is 'scattering'");
  expect(() => filters.schema.parse({ contrast: 'some' })).toThrow(/contrast/);
});
