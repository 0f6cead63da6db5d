import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { assignVariables, modelWeights, parameterCount } from '../../checkpoint/weights.ts';
import { configureNetwork } from '../../network.ts';
import { decodeReference, decodeReferences } from '../../testing/reference.ts';

const reference = JSON.parse(readFileSync(new URL('bigan-conv.reference.json', import.meta.url), 'utf8'));
const tensor = (name: string) => {
  const { shape, data } = decodeReference(reference[name]);
  return tf.tensor(data, [...shape]);
};
const difference = (a: tf.Tensor, b: tf.Tensor): number => a.sub(b).abs().max().dataSync()[0]!;
const input = { height: 32, width: 32, channels: 3 };

/** Gives a model the weights of the reference, all of them and no others. */
function filled(model: tf.LayersModel, name: string): tf.LayersModel {
  const weights = modelWeights('m', model, true);
  expect(weights.map((one) => one.name.slice(2)).sort()).toEqual(Object.keys(reference[name]).sort());
  assignVariables(weights, decodeReferences(reference[name], 'm/'));
  return model;
}

describe('bigan-conv', () => {
  test('encoder, discriminator and generator in training are those of PyTorch', async () => {
    const network = await configureNetwork({ name: 'bigan-conv', width: 2 });
    const { generator, discriminator } = network.adversaries!;
    const [images, codes] = [tensor('images'), tensor('codes')];
    const encoder = filled(network.build(input, [1, 1]), 'encoder');
    expect(difference(encoder.apply(images, { training: true }) as tf.Tensor, tensor('features'))).toBeLessThan(1e-4);
    const judge = filled(discriminator(3, input, [1, 2]), 'discriminator');
    const logits = judge.apply([images, codes], { training: true }) as tf.Tensor;
    expect(difference(logits, tensor('logits'))).toBeLessThan(1e-4);
    const maker = filled(generator(3, input, [1, 3]), 'generator');
    expect(difference(maker.apply(codes, { training: true }) as tf.Tensor, tensor('made'))).toBeLessThan(1e-4);
  });

  test('for 64 pixels it has the published sizes', async () => {
    const network = await configureNetwork({ name: 'bigan-conv' });
    const image = { height: 64, width: 64, channels: 3 };
    const shapes = network
      .build(image, [0, 0])
      .layers.filter(({ name }) => /^conv\d$/.test(name))
      .map((layer) => (layer.outputShape as number[]).slice(1));
    expect(shapes).toEqual([[32, 32, 64], [16, 16, 128], [8, 8, 256], [4, 4, 512]]); // prettier-ignore
    const maker = network.adversaries!.generator(200, image, [0, 0]);
    const made = ['maps', 'up1_relu', 'up2_relu', 'up3_relu', 'image'].map((name) =>
      (maker.getLayer(name).outputShape as number[]).slice(1),
    );
    expect(made).toEqual([[4, 4, 512], [8, 8, 256], [16, 16, 128], [32, 32, 64], [64, 64, 3]]); // prettier-ignore
    // 25·(512·256 + 256·128 + 128·64 + 64·3) + 200·(8192 + 448) weights, 2·(8192 + 448) gains and offsets.
    expect(parameterCount(maker)).toBe(25 * (131072 + 32768 + 8192 + 192) + 200 * 8640 + 2 * 8640);
  });

  test('projections of codes begin 25 times as wide as other weights, the last layer at nothing', async () => {
    const network = await configureNetwork({ name: 'bigan-conv', width: 16 });
    const judge = network.adversaries!.discriminator(50, input, [1, 2]);
    const deviation = (layer: string) =>
      tf.moments(judge.getLayer(layer).getWeights()[0]!).variance.sqrt().dataSync()[0]!;
    expect(deviation('conv2_convolution')).toBeCloseTo(0.02, 2);
    expect(deviation('conv2_code') / 0.5).toBeCloseTo(1, 1);
    expect(deviation('real_linear')).toBe(0);
    const alone = network.adversaries!.discriminator(undefined, input, [1, 2]);
    expect(alone.inputs).toHaveLength(1);
  });

  test.each([
    [28, 28],
    [32, 64],
    [16, 16],
  ])('refuses images of %i × %i', async (height, width) => {
    // prettier-ignore
    const network = await configureNetwork({ name: 'bigan-conv' });
    expect(() => network.build({ height, width, channels: 3 }, [0, 0])).toThrow(/32, 64 or 128/);
  });
});
