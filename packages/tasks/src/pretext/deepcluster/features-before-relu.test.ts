import { describe, expect, test } from 'vitest';
import { batchNorm, batchNormRelu, dense } from '@selfsup/engine/layers';
import { globalAveragePool } from '@selfsup/engine/pooling';
import { tf } from '@selfsup/engine/tensorflow';
import { beforeFinalRelu } from './features-before-relu.ts';

const x = tf.tensor2d([
  [1, -2],
  [-3, 4],
]);
const input = () => tf.input({ shape: [2] });
const values = (model: tf.LayersModel) => (model.apply(x, { training: false }) as tf.Tensor).arraySync();

describe('features before the final ReLU', () => {
  test('a ReLU at the end is left out', () => {
    const vector = input();
    const hidden = dense({ name: 'fc', units: 2, kernelInitializer: 'identity' }).apply(vector) as tf.SymbolicTensor;
    const embedding = tf.model({ inputs: vector, outputs: tf.layers.reLU().apply(hidden) as tf.SymbolicTensor });
    expect(values(embedding)).toEqual([
      [1, 0],
      [0, 4],
    ]);
    expect(values(beforeFinalRelu(embedding).model)).toEqual([
      [1, -2],
      [-3, 4],
    ]);
  });

  test('so is one that our batch norm does itself, with the weights of the moment', () => {
    const vector = input();
    const embedding = tf.model({
      inputs: vector,
      outputs: batchNormRelu({ name: 'bn', reluName: 'relu', epsilon: 0 }).apply(vector),
    });
    const features = beforeFinalRelu(embedding);
    const norm = embedding.getLayer('bn');
    norm.setWeights([tf.tensor1d([2, 1]), tf.tensor1d([0, 1]), tf.tensor1d([1, 1]), tf.tensor1d([4, 1])]);
    features.follow();
    expect(values(features.model)).toEqual([
      [0, -2],
      [-4, 4],
    ]);
    expect(values(embedding)).toEqual([
      [0, 0],
      [0, 4],
    ]);
  });

  test('an embedding that ends otherwise is taken as it is', () => {
    const map = tf.input({ shape: [2, 2, 3] });
    const average = globalAveragePool({ name: 'average' }).apply(map) as tf.SymbolicTensor;
    const embedding = tf.model({ inputs: map, outputs: average });
    expect(beforeFinalRelu(embedding).model).toBe(embedding);
    const vector = input();
    const normed = tf.model({
      inputs: vector,
      outputs: batchNorm({ name: 'bn2' }).apply(vector) as tf.SymbolicTensor,
    });
    expect(beforeFinalRelu(normed).model).toBe(normed);
  });
});
