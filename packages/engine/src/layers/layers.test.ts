import { describe, expect, it } from 'vitest';
import { batchNorm, batchNormRelu, conv2d, dense, dropout, setTrainingStep } from './layers.ts';
import { maxDifference } from '../testing/checks.ts';
import { randomKey } from '@selfsup/kit/random';
import { tf } from '../tensorflow.ts';

function modelOf(layer: tf.layers.Layer, shape: number[]): tf.LayersModel {
  const input = tf.input({ shape });
  return tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
}

describe('batchNorm', () => {
  it('takes [batch, features], and normalises them in training', () => {
    const model = modelOf(batchNorm({ name: 'bn' }), [5]);
    const y = model.apply(tf.randomNormal([64, 5], 3, 2, 'float32', 1), { training: true }) as tf.Tensor;
    const { mean, variance } = tf.moments(y, 0);
    expect(maxDifference(mean, tf.zeros([5]))).toBeLessThan(1e-5);
    expect(maxDifference(variance, tf.ones([5]))).toBeLessThan(1e-4);
  });

  it.each([
    { center: false, scale: false, names: [] },
    { center: true, scale: false, names: ['beta'] },
    { center: false, scale: true, names: ['gamma'] },
  ])('trains with center $center and scale $scale', ({ center, scale, names }) => {
    const model = modelOf(batchNorm({ name: `bn-${center}-${scale}`, center, scale }), [2, 2, 3]);
    const x = tf.randomNormal([4, 2, 2, 3], 3, 2, 'float32', 1);
    const y = model.apply(x, { training: true }) as tf.Tensor;
    expect(maxDifference(tf.moments(y, [0, 1, 2]).mean, tf.zeros([3]))).toBeLessThan(1e-5);
    expect(model.trainableWeights.map((weight) => weight.name.split('/')[1])).toEqual(names);
  });

  it("is tfjs's own layer to whoever loads it", async () => {
    const model = modelOf(batchNorm({ name: 'bn' }), [2, 2, 3]);
    model.apply(tf.randomNormal([4, 2, 2, 3], 3, 2, 'float32', 1), { training: true });
    const loaded = await tf.models.modelFromJSON(model.toJSON(null, false) as never);
    loaded.setWeights(model.getWeights());
    const stock = loaded.layers[1]!;
    expect(stock.getClassName()).toBe('BatchNormalization');
    expect(stock).toBeInstanceOf(tf.layers.batchNormalization({ name: 'other' }).constructor);
    const x = tf.randomNormal([4, 2, 2, 3], 0, 1, 'float32', 2);
    expect(maxDifference(loaded.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor)).toBeLessThan(1e-5);
  });
});

describe('batchNormRelu', () => {
  it('loads as batch norm and ReLU of stock tfjs, and gives the same', async () => {
    const input = tf.input({ shape: [2, 2, 3] });
    const output = batchNormRelu({ name: 'norm', reluName: 'relu' }).apply(input);
    const model = tf.model({ inputs: input, outputs: output });
    const x = tf.randomNormal([4, 2, 2, 3], 1, 2, 'float32', 3);
    model.apply(x, { training: true });
    const loaded = await tf.models.modelFromJSON(model.toJSON(null, false) as never);
    loaded.setWeights(model.getWeights());
    expect(loaded.layers.map((layer) => layer.getClassName())).toEqual(['InputLayer', 'BatchNormalization', 'ReLU']);
    expect(loaded.layers.map((layer) => layer.name).slice(1)).toEqual(['norm', 'relu']);
    expect(maxDifference(loaded.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor)).toBeLessThan(1e-5);
    expect((model.predict(x) as tf.Tensor).min().dataSync()[0]).toBe(0);
  });
});

describe.each([
  { ours: conv2d, stock: tf.layers.conv2d, settings: { filters: 4, kernelSize: 3, strides: 2 }, shape: [7, 7, 3] },
  { ours: conv2d, stock: tf.layers.conv2d, settings: { filters: 4, kernelSize: 3, dilationRate: 2 }, shape: [7, 7, 3] },
  { ours: dense, stock: tf.layers.dense, settings: { units: 4 }, shape: [6] },
  { ours: dense, stock: tf.layers.dense, settings: { units: 4, useBias: false }, shape: [5, 6] },
])('conv2d and dense, $settings', ({ ours, stock, settings, shape }) => {
  it("are tfjs's own layers, gradients included", async () => {
    const config = { ...settings, name: 'layer', activation: 'tanh', biasInitializer: 'glorotNormal' } as never;
    const [got, expected] = [modelOf(ours(config), shape), modelOf(stock(config), shape)];
    expected.setWeights(got.getWeights());
    expect(got.toJSON(null, false)).toEqual({ ...(expected.toJSON(null, false) as object), config: expect.anything() });
    expect(got.layers[1]!.getConfig()).toEqual(expected.layers[1]!.getConfig());
    const x = tf.randomNormal([2, ...shape], 0, 1, 'float32', 4);
    const run = (model: tf.LayersModel) => tf.valueAndGrad((v) => model.apply(v, { training: true }) as tf.Tensor);
    if ('dilationRate' in settings) {
      expect(maxDifference(got.predict(x) as tf.Tensor, expected.predict(x) as tf.Tensor)).toBe(0);
      return; // tfjs has no gradient for it
    }
    const [a, b] = [run(got)(x), run(expected)(x)];
    expect(maxDifference(a.value, b.value)).toBeLessThan(1e-5);
    expect(maxDifference(a.grad, b.grad)).toBeLessThan(1e-5);
  });
});

describe('dropout', () => {
  const x = tf.ones([50, 40]);
  const train = (model: tf.LayersModel) => model.apply(x, { training: true }) as tf.Tensor;

  it('is the identity in inference', () => {
    expect(maxDifference(modelOf(dropout({ name: 'drop', rate: 0.5 }), [40]).predict(x) as tf.Tensor, x)).toBe(0);
  });

  it('keeps its share, scaled, and repeats for the same step', () => {
    const model = modelOf(dropout({ name: 'drop', rate: 0.25 }), [40]);
    setTrainingStep(randomKey(1, 'dropout', 0));
    const first = train(model);
    const again = train(model);
    setTrainingStep(randomKey(1, 'dropout', 0));
    expect(maxDifference(train(model), first)).toBe(0);
    expect(maxDifference(again, first)).toBeGreaterThan(1); // a second draw in the same step
    setTrainingStep(randomKey(1, 'dropout', 1));
    expect(maxDifference(train(model), first)).toBeGreaterThan(1);
    setTrainingStep(undefined);
    const values = [...first.dataSync()];
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expect(Math.abs(values.filter((value) => value > 0).length / values.length - 0.75)).toBeLessThan(0.04);
  });

  it('passes gradients where it passed values', () => {
    const model = modelOf(dropout({ name: 'drop', rate: 0.5 }), [40]);
    setTrainingStep(randomKey(2));
    const gradient = tf.grad((v) => model.apply(v, { training: true }) as tf.Tensor)(x);
    setTrainingStep(randomKey(2));
    expect(maxDifference(gradient, train(model))).toBe(0);
    setTrainingStep(undefined);
  });

  it('refuses to train outside a step, and rates outside [0, 1)', () => {
    expect(() => train(modelOf(dropout({ name: 'drop', rate: 0.5 }), [40]))).toThrow(/setTrainingStep/);
    expect(() => dropout({ name: 'drop', rate: 1 })).toThrow(RangeError);
  });
});
