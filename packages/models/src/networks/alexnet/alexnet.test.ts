import { describe, expect, test } from 'vitest';
import type { tf } from '@selfsup/engine/tensorflow';
import { UserError } from '@selfsup/kit/errors';
import { classifier, featureShapeOf } from '../../building/heads.ts';
import { parameterCount } from '../../checkpoint/weights.ts';
import { differencesFromReference, readReferences } from '../../testing/network-reference.ts';
import alexnet from './alexnet.ts';

const build = (config: object, side = 224, seed = 1): tf.LayersModel =>
  alexnet.build(alexnet.schema.parse(config), { height: side, width: side, channels: 3 }, [seed, 0]);
const sides = (model: tf.LayersModel, ...names: string[]) =>
  names.map((name) => (model.getLayer(name).outputShape as number[])[1]);
const values = (model: tf.LayersModel) =>
  ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'].map((name) => (model.getLayer(name).outputShape as number[]).at(-1)!);

describe('parameters, layer by layer', () => {
  // Weights k·k·in·out, biases out, batch norm 2·out.
  const rotnet =
    11 * 11 * 3 * 64 +
    3 * 64 + //      conv1     23,424
    5 * 5 * 64 * 192 +
    3 * 192 + //     conv2    307,776
    3 * 3 * 192 * 384 +
    3 * 384 + //    conv3    664,704
    3 * 3 * 384 * 256 +
    3 * 256 + //    conv4    885,504
    3 * 3 * 256 * 256 +
    3 * 256; //     conv5    590,592
  const deepcluster = (channels: number) =>
    11 * 11 * channels * 96 +
    3 * 96 + // conv1   35,136, with Sobel 23,520
    5 * 5 * 96 * 256 +
    3 * 256 + //       conv2  615,168
    3 * 3 * 256 * 384 +
    3 * 384 + //      conv3  885,888
    3 * 3 * 384 * 384 +
    3 * 384 + //      conv4 1,328,256
    3 * 3 * 384 * 256 +
    3 * 256; //       conv5  885,504
  const caffe = 34_944 + 307_456 + 885_120 + 663_936 + 442_624; // as published for each layer
  // No biases; batch norm from conv2 on.
  const bigan = 34_848 + (307_200 + 512) + (884_736 + 768) + (663_552 + 768) + (442_368 + 512);

  test.each([
    [{}, rotnet, 2_472_000],
    [{ variant: 'deepcluster' }, deepcluster(3), 3_749_952],
    [{ variant: 'deepcluster', sobel: true }, deepcluster(2), 3_738_336],
    [{ variant: 'caffe' }, caffe, 2_334_080],
    [{ variant: 'bigan' }, bigan, 2_335_264],
  ])('%j: %i', (config, byLayers, known) => {
    expect(byLayers).toBe(known);
    const encoder = build(config);
    expect(parameterCount(encoder)).toBe(known);
    encoder.dispose();
  });

  test("fc6, fc7 and a classifier: Caffe's 60,965,224 in all", () => {
    // 9216·4096 + 4096, 4096·4096 + 4096, 4096·1000 + 1000; counted on a model of 1/64 the units and scaled by formula.
    expect(caffe + 37_752_832 + 16_781_312 + 4_097_000).toBe(60_965_224);
    const config = alexnet.schema.parse({ variant: 'caffe', fullyConnected: 64 });
    const head = classifier([6, 6, 256], 1000, [1, 0], (features, key) => alexnet.embed!(config, features, key));
    expect(parameterCount(head)).toBe(9216 * 64 + 64 + (64 * 64 + 64) + (64 * 1000 + 1000));
    head.dispose();
  });

  test('RotNet: no bias in fc6 and fc7, batch norm instead', () => {
    const config = alexnet.schema.parse({ fullyConnected: 64 });
    const head = classifier([6, 6, 256], 4, [1, 0], (features, key) => alexnet.embed!(config, features, key));
    expect(parameterCount(head)).toBe(9216 * 64 + 2 * 64 + (64 * 64 + 2 * 64) + (64 * 4 + 4));
    expect(head.layers.map((layer) => layer.name)).not.toContain('fc6_dropout');
    head.dispose();
  });
});

describe('geometry', () => {
  test.each([
    [{}, 224],
    [{ variant: 'deepcluster', sobel: true }, 224],
    [{ variant: 'caffe' }, 227],
  ])('%j on %i pixels: 55, 27, 13, 13, 13 and 6', (config, side) => {
    const encoder = build({ ...config, widthMultiplier: 0.03 }, side);
    expect(sides(encoder, 'conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'pool5')).toEqual([55, 27, 13, 13, 13, 6]);
    expect(encoder.outputs[0]!.sourceLayer.name).toBe('pool5');
    encoder.dispose();
  });

  test.each([
    [64, [16, 8, 4, 4, 4]],
    [112, [28, 14, 7, 7, 7]],
  ])("BiGAN's encoder halves %i pixels exactly", (side, expected) => {
    const encoder = build({ variant: 'bigan', widthMultiplier: 0.03 }, side);
    expect(sides(encoder, 'conv1', 'conv2', 'conv3', 'conv4', 'conv5')).toEqual(expected);
    expect(encoder.outputs[0]!.sourceLayer.name).toBe('conv5');
    encoder.dispose();
  });

  test('the features that the published probes take from these maps number 9,216 to 9,600', () => {
    const rotnet = build({});
    const pooledTo = [12, 7, 5, 6, 6]; // RotNet's adaptive max pooling
    expect(values(rotnet).map((channels, i) => channels * pooledTo[i]! ** 2)).toEqual([9216, 9408, 9600, 9216, 9216]);
    rotnet.dispose();
    const deepcluster = build({ variant: 'deepcluster' });
    // DeepCluster's windows: size, stride, padding.
    const windows = [[6, 6, 3], [4, 4, 0], [3, 3, 1], [3, 3, 1], [2, 2, 0]] as const; // prettier-ignore
    const maps = sides(deepcluster, 'conv1', 'conv2', 'conv3', 'conv4', 'conv5');
    const pooled = windows.map(
      ([size, stride, padding], i) => Math.floor((maps[i]! + 2 * padding - size) / stride) + 1,
    );
    expect(pooled).toEqual([10, 6, 5, 5, 6]);
    const counts = values(deepcluster).map((channels, i) => channels * pooled[i]! ** 2);
    expect(counts).toEqual([9600, 9216, 9600, 9600, 9216]);
    deepcluster.dispose();
  });
});

test.each(readReferences('alexnet', import.meta.url).map((reference) => [reference.config, reference] as const))(
  "%j gives PyTorch's features with the same weights",
  async (_, reference) => {
    const differences = await differencesFromReference('alexnet', reference);
    expect(Object.keys(differences).sort()).toEqual(Object.keys(reference.maps).sort());
    for (const [name, value] of Object.entries(differences)) expect(value, name).toBeLessThan(1e-4);
  },
);

describe('initial weights', () => {
  const deviation = (model: tf.LayersModel, layer: string) => {
    const data = model.getLayer(layer).getWeights()[0]!.dataSync() as Float32Array;
    return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
  };

  test.each([
    [{}, 'conv3_convolution', 1 / Math.sqrt(3 * 9 * 192)],
    [{ variant: 'deepcluster' }, 'conv3_convolution', Math.sqrt(2 / (9 * 384))],
    [{ variant: 'caffe' }, 'conv3_convolution', 0.01],
    [{ variant: 'bigan' }, 'conv3_convolution', 0.02],
  ])('%j: standard deviation of %s is %f', (config, layer, expected) => {
    const encoder = build(config);
    expect(deviation(encoder, layer) / expected).toBeCloseTo(1, 2);
    encoder.dispose();
  });

  test('Caffe: biases of conv2, conv4 and conv5 are 1, the others 0', () => {
    const encoder = build({ variant: 'caffe', widthMultiplier: 0.1 });
    const biases = [1, 2, 3, 4, 5].map((layer) => encoder.getLayer(`conv${layer}_convolution`).getWeights()[1]!);
    expect(biases.map((bias) => bias.dataSync()[1])).toEqual([0, 1, 0, 1, 1]);
    encoder.dispose();
  });

  test('the same key gives the same weights, another key others', () => {
    const kernels = [1, 1, 2].map((seed) => {
      const encoder = build({ widthMultiplier: 0.1 }, 224, seed);
      const kernel = encoder.getLayer('conv2_convolution').getWeights()[0]!.dataSync().slice();
      encoder.dispose();
      return kernel;
    });
    expect(kernels[1]).toEqual(kernels[0]);
    expect(kernels[2]).not.toEqual(kernels[0]);
  });
});

test('the embedding is a vector of fc7, of the flat map for BiGAN', () => {
  const encoder = build({ variant: 'bigan', widthMultiplier: 0.03 }, 64);
  const [height, width, channels] = featureShapeOf(encoder);
  const config = alexnet.schema.parse({ variant: 'bigan' });
  const head = classifier([height, width, channels], 2, [1, 0], (features, key) =>
    alexnet.embed!(config, features, key),
  );
  expect(head.getLayer('linear').getWeights()[0]!.shape).toEqual([height * width * channels, 2]);
  encoder.dispose();
  head.dispose();
});

test.each([
  [{ variant: 'rotnet' }, 96, 224],
  [{ variant: 'caffe' }, 223, 224],
  [{ variant: 'bigan' }, 32, 64],
])('%j refuses images of %i pixels', (config, side, least) => {
  let error: unknown;
  try {
    build(config, side);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain(`'alexnet (${config.variant})' takes images of at least ${least} × ${least} pixels`);
});

test.each([
  [{ variant: 'vgg' }, 'variant'],
  [{ variant: 'bigan', sobel: true }, 'sobel'],
  [{ widthMultiplier: 0 }, 'widthMultiplier'],
  [{ width: 8 }, 'width'],
])('refuses %j', (config, field) => {
  const parsed = alexnet.schema.safeParse(config);
  expect(parsed.success).toBe(false);
  expect(JSON.stringify(parsed.error!.issues)).toContain(field);
});
