import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { classifier, featureShapeOf } from '../../building/heads.ts';
import { normalise } from '../../checkpoint/normalise.ts';
import { assignVariables, modelWeights, parameterCount } from '../../checkpoint/weights.ts';
import { decodeReference, decodeReferences } from '../../testing/reference.ts';
import nin from './nin.ts';

const cifar = { height: 32, width: 32, channels: 3 };
const build = (config: object, seed = 1): tf.LayersModel => nin.build(nin.schema.parse(config), cifar, [seed, 0]);

describe('NIN', () => {
  test.each([
    [3, 1_004_484],
    [4, 1_411_140],
    [5, 1_817_796],
  ])('%i blocks with a 4-way head have %i parameters', (blocks, expected) => {
    const encoder = build({ blocks });
    const head = classifier(featureShapeOf(encoder), 4, [1, 0]);
    expect(parameterCount(encoder, head)).toBe(expected);
    expect(featureShapeOf(encoder)).toEqual([8, 8, 192]);
    encoder.dispose();
    head.dispose();
  });

  test('one block is the beginning of three', () => {
    const encoder = build({ blocks: 1, width: 64 });
    expect(parameterCount(encoder)).toBe(64 * 75 + 53 * 64 + 32 * 53 + 2 * (64 + 53 + 32));
    expect(featureShapeOf(encoder)).toEqual([16, 16, 32]);
    encoder.dispose();
  });

  test('width 64 has the channels of the yardstick', () => {
    const encoder = build({ blocks: 3, width: 64 });
    const filters = ['block1_conv1', 'block1_conv2', 'block1_conv3', 'block2_conv1', 'block3_conv3'].map(
      (name) => encoder.getLayer(name).outputShape as number[],
    );
    expect(filters.map((shape) => shape.at(-1))).toEqual([64, 53, 32, 64, 64]);
    expect(encoder.getLayer('conv1').outputShape).toEqual([null, 16, 16, 32]);
    expect(encoder.getLayer('conv2').outputShape).toEqual([null, 8, 8, 64]);
    encoder.dispose();
  });

  test.each([
    [1, [16, 16, 32]],
    [2, [8, 8, 64]],
  ])('%i block of width 64 gives the feature map %j', (blocks, expected) => {
    const encoder = build({ blocks, width: 64 });
    expect(featureShapeOf(encoder)).toEqual(expected);
    expect(encoder.outputs[0]!.sourceLayer.name).toBe(`conv${blocks}`);
    encoder.dispose();
  });

  test('probe points are layers of those names, the last being the output', () => {
    const config = nin.schema.parse({ blocks: 5, width: 8, poolAfterBlock3: true });
    const encoder = nin.build(config, cifar, [1, 0]);
    const points = nin.probePoints(config);
    expect(points).toEqual(['conv1', 'conv2', 'conv3', 'conv4', 'conv5']);
    expect(points.map((name) => (encoder.getLayer(name).outputShape as number[])[1])).toEqual([16, 8, 4, 4, 4]);
    expect(encoder.outputs[0]!.sourceLayer.name).toBe('conv5');
    encoder.dispose();
  });

  test('gives the features of PyTorch with the same weights', () => {
    const reference = JSON.parse(readFileSync(new URL('nin.reference.json', import.meta.url), 'utf8'));
    const encoder = build(reference.config);
    assignVariables(modelWeights('encoder', encoder), decodeReferences(reference.weights, 'encoder/'));
    const points = Object.keys(reference.features);
    const probes = tf.model({
      inputs: encoder.inputs,
      outputs: points.map((name) => encoder.getLayer(name).output as tf.SymbolicTensor),
    });
    const images = decodeReference(reference.images);
    tf.tidy(() => {
      const x = normalise(tf.tensor4d(images.data, [2, 32, 32, 3], 'int32'), {
        mean: [125.3, 123.0, 113.9],
        std: [63.0, 62.1, 66.7],
      });
      const maps = probes.apply(x, { training: false }) as tf.Tensor[];
      points.forEach((name, index) => {
        const expected = decodeReference(reference.features[name]);
        expect(maps[index]!.shape).toEqual(expected.shape);
        const difference = maps[index]!.sub(tf.tensor(expected.data, [...expected.shape]))
          .abs()
          .max()
          .dataSync()[0];
        expect(difference).toBeLessThan(1e-4);
      });
    });
    encoder.dispose();
  });

  test('the same key gives the same weights, another key others, of variance 2 / (k² · filters)', () => {
    const kernels = [1, 1, 2].map((seed) => {
      const encoder = build({ blocks: 3, width: 64 }, seed);
      const kernel = encoder.getLayer('block2_conv1').getWeights()[0]!.dataSync().slice();
      encoder.dispose();
      return kernel;
    });
    expect(kernels[1]).toEqual(kernels[0]);
    expect(kernels[2]).not.toEqual(kernels[0]);
    const square = (kernels[0] as Float32Array).reduce((sum, value) => sum + value * value, 0) / kernels[0]!.length;
    expect(square / (2 / (25 * 64))).toBeCloseTo(1, 1);
  });

  test.each([
    [{ blocks: 6 }, 'blocks'],
    [{ blocks: 0 }, 'blocks'],
    [{ blocks: 3, poolAfterBlock3: true }, 'poolAfterBlock3'],
    [{ widht: 8 }, 'widht'],
  ])('refuses %j', (config, field) => {
    const parsed = nin.schema.safeParse(config);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error!.issues)).toContain(field);
  });
});
