import { expect, test } from 'vitest';
import { tf } from '@selfsup/engine/tensorflow';
import { embeddingModel } from '../../building/heads.ts';
import { assignVariables, modelWeights, parameterCount, variableData } from '../../checkpoint/weights.ts';
import { differencesFromReference, readReferences } from '../../testing/network-reference.ts';
import cfn from './cfn.ts';

const build = (config: object, side = 64, seed = 1): tf.LayersModel =>
  cfn.build(cfn.schema.parse(config), { height: side, width: side, channels: 3 }, [seed, 0]);
const sides = (model: tf.LayersModel) =>
  [...cfn.probePoints(cfn.schema.parse({})), 'pool5'].map((name) => (model.getLayer(name).outputShape as number[])[1]);

test('parameters, layer by layer', () => {
  // As Caffe's AlexNet, whose conv1 differs in stride alone.
  const trunk = 34_944 + 307_456 + 885_120 + 663_936 + 442_624;
  const encoder = build({});
  expect(trunk).toBe(2_334_080);
  expect(parameterCount(encoder)).toBe(trunk);
  encoder.dispose();
  // fc6: 3·3·256 = 2,304 to 1,024 with bias.
  const config = cfn.schema.parse({});
  const head = embeddingModel([3, 3, 256], [1, 0], (features, key) => cfn.embed!(config, features, key));
  expect(parameterCount(head)).toBe(2_304 * 1_024 + 1_024);
  head.dispose();
  // Batch norm: no biases, 2 for each channel.
  const normalised = build({ normalisation: 'batch' });
  expect(parameterCount(normalised)).toBe(trunk + 96 + 256 + 384 + 384 + 256);
  normalised.dispose();
});

test('maps of a tile are 27, 13, 6 and 3 wide, of an image of 225 pixels 108, 54, 27 and 13', () => {
  const tile = build({ widthMultiplier: 0.03 });
  expect(sides(tile)).toEqual([27, 13, 6, 6, 6, 3]);
  const image = build({ widthMultiplier: 0.03 }, 225);
  expect(sides(image)).toEqual([108, 54, 27, 27, 27, 13]);
  tile.dispose();
  image.dispose();
});

test.each(
  readReferences('cfn', import.meta.url).map(
    (reference) => [reference.config, reference.images.shape[1], reference] as const,
  ),
)("%j on %i pixels gives PyTorch's features with the same weights", async (_, side, reference) => {
  expect(reference.images.shape[2]).toBe(side);
  const differences = await differencesFromReference('cfn', reference);
  expect(Object.keys(differences).sort()).toEqual(Object.keys(reference.maps).sort());
  for (const [name, value] of Object.entries(differences)) expect(value, name).toBeLessThan(1e-4);
});

test('weights trained on tiles serve whole images: conv1 of a tile is that part of conv1 of the image', () => {
  const config = { widthMultiplier: 0.1 };
  const tile = build(config, 64, 1);
  const whole = build(config, 225, 2);
  assignVariables(modelWeights('encoder', whole), variableData(modelWeights('encoder', tile)));
  const image = tf.randomNormal([1, 225, 225, 3], 0, 50, 'float32', 4);
  const conv1 = (model: tf.LayersModel, x: tf.Tensor) =>
    tf
      .model({ inputs: model.inputs, outputs: model.getLayer('conv1').output as tf.SymbolicTensor })
      .predict(x) as tf.Tensor;
  const part = conv1(whole, image).slice([0, 20, 35, 0], [1, 27, 27, -1]);
  const own = conv1(tile, image.slice([0, 40, 70, 0], [1, 64, 64, 3]));
  expect(part.sub(own).abs().max().dataSync()[0]).toBeLessThan(1e-4);
  expect(own.max().dataSync()[0]).toBeGreaterThan(1);
  tile.dispose();
  whole.dispose();
});

test("initial weights are Caffe's fillers", () => {
  const encoder = build({});
  const [kernel, bias] = encoder.getLayer('conv4_convolution').getWeights();
  expect(tf.moments(kernel!).variance.sqrt().dataSync()[0]! / 0.01).toBeCloseTo(1, 2);
  expect([...new Set(bias!.dataSync())]).toEqual([1]);
  encoder.dispose();
});

test('refuses small tiles, and unknown keys', () => {
  expect(() => build({}, 32)).toThrow(/'cfn' takes images of at least 64 × 64 pixels, not 32 × 32/);
  expect(cfn.schema.safeParse({ normalization: 'batch' }).success).toBe(false);
});
