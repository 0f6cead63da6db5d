import { expect, test } from 'vitest';
import { dense } from '@selfsup/engine/layers';
import { tf } from '@selfsup/engine/tensorflow';
import { randomKey } from '@selfsup/kit/random';
import { modelWeights } from '../checkpoint/weights.ts';
import { configureNetwork } from '../network.ts';
import { affineLayers, foldBatchNorm } from './affine-layers.ts';
import { balanceLayers } from './balance-layers.ts';

const key = randomKey(5);

async function randomised(network: Parameters<typeof configureNetwork>[0], side: number): Promise<tf.LayersModel> {
  const { build } = await configureNetwork(network);
  const model = build({ height: side, width: side, channels: 3 }, key);
  modelWeights('', model).forEach(({ name, variable }, i) => {
    if (name.endsWith('kernel')) return;
    const drawn = tf.randomUniform(variable.shape, 0.5, 2, 'float32', 100 + i);
    tf.tidy(() => variable.assign(name.endsWith('variance') ? drawn : drawn.sub(1)));
  });
  return model;
}

test.each([
  ['without biases', { name: 'nin', blocks: 3, width: 8 }, 16],
  ['with biases', { name: 'alexnet', variant: 'rotnet', widthMultiplier: 0.04 }, 224],
  ['grouped, Leaky ReLU', { name: 'alexnet', variant: 'bigan', widthMultiplier: 0.05 }, 64],
])('a network %s computes the same after its batch norm is folded', async (_, network, side) => {
  const model = await randomised(network, side);
  const x = tf.randomNormal([2, side, side, 3], 0, 1, 'float32', 9);
  const before = model.apply(x, { training: false }) as tf.Tensor;
  foldBatchNorm(model);
  const after = model.apply(x, { training: false }) as tf.Tensor;
  expect(before.sub(after).abs().max().dataSync()[0]).toBeLessThan(
    2e-4 * Math.max(1, before.abs().max().dataSync()[0]!),
  );
  for (const { norm, bias } of affineLayers(model)) {
    if (norm === undefined) continue;
    expect(bias!.abs().max().dataSync()[0]).toBeGreaterThan(0.01);
    expect([...norm.mean.dataSync()].every((value) => value === 0)).toBe(true);
  }
  model.dispose();
});

/** A chain of matrix products with ReLU between, as one model. */
function chain(...kernels: number[][][]): tf.LayersModel {
  const input = tf.input({ shape: [kernels[0]!.length] });
  let x: tf.SymbolicTensor = input;
  kernels.forEach((kernel, i) => {
    const layer = dense({ name: `fc${i}`, units: kernel[0]!.length });
    x = layer.apply(x) as tf.SymbolicTensor;
    layer.setWeights([tf.tensor2d(kernel), tf.zeros([kernel[0]!.length])]);
    if (i < kernels.length - 1) x = tf.layers.reLU({ name: `relu${i}` }).apply(x) as tf.SymbolicTensor;
  });
  return tf.model({ inputs: input, outputs: x });
}

test('two numbers in a row become equal, and their output of deviation 1', () => {
  // dy/dw₁ = x·w₂ and dy/dw₂ = x·w₁: the rates are w₂/w₁ and w₁/w₂ times the same.
  const model = chain([[8]], [[2]]);
  const before = tf.memory().numTensors;
  const x = tf.tensor2d([[1], [3]]); // positive: the ReLU does nothing; deviation 1
  const { before: spread, after } = balanceLayers([model], x, key);
  x.dispose();
  expect(tf.memory().numTensors).toBe(before);
  const [first, second] = affineLayers(model).map(({ kernel }) => kernel.dataSync()[0]!);
  expect(first! / second!).toBeCloseTo(1, 5);
  expect(first! * second!).toBeCloseTo(1, 1);
  expect(spread).toBeCloseTo(16, 3);
  expect(after).toBeCloseTo(1, 4);
});

test('layers of two models come to the same rate, and what they compute is only scaled', async () => {
  const { build } = await configureNetwork({ name: 'alexnet', variant: 'rotnet', widthMultiplier: 0.04 });
  const trunk = build({ height: 224, width: 224, channels: 3 }, key);
  foldBatchNorm(trunk);
  const flat = 6 * 6 * trunk.outputs[0]!.shape[3]!;
  const features = tf.input({ shape: trunk.outputs[0]!.shape.slice(1) });
  const vector = tf.layers.flatten().apply(features) as tf.SymbolicTensor;
  const layer = dense({ name: 'fc', units: 5 });
  const head = tf.model({ inputs: features, outputs: layer.apply(vector) as tf.SymbolicTensor });
  layer.setWeights([tf.randomNormal([flat, 5], 0, 3, 'float32', 4), tf.fill([5], 0.5)]);
  const x = tf.randomNormal([4, 224, 224, 3], 0, 1, 'float32', 3);
  const run = () => head.apply(trunk.apply(x, { training: false }), { training: false }) as tf.Tensor;
  const cosine = (a: tf.Tensor, b: tf.Tensor) => a.mul(b).sum().div(a.norm().mul(b.norm())).dataSync()[0]!;
  const first = run();
  const { before, after, rounds } = balanceLayers([trunk, head], x, key);
  expect(rounds).toBeGreaterThan(1);
  expect(before).toBeGreaterThan(10);
  expect(after).toBeLessThan(1.1);
  expect(cosine(first, run())).toBeGreaterThan(0.999);
  const deviation = tf.moments(run(), 0).variance.sqrt().mean().dataSync()[0]!;
  expect(deviation).toBeGreaterThan(0.8);
  expect(deviation).toBeLessThan(1.25);
});

test('batch norm that is not folded is refused', async () => {
  const model = await randomised({ name: 'nin', blocks: 3, width: 8 }, 16);
  expect(() => balanceLayers([model], tf.ones([1, 16, 16, 3]), key)).toThrow(/which follows 'block1_conv1'/);
});
