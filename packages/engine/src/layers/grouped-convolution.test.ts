import { describe, expect, it } from 'vitest';
import { groupedConv2d } from './layers.ts';
import { maxDifference } from '../testing/checks.ts';
import { tf } from '../tensorflow.ts';

function modelOf(layer: { apply(input: tf.SymbolicTensor): unknown }, shape: number[]): tf.LayersModel {
  const input = tf.input({ shape });
  return tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
}

describe('groupedConv2d', () => {
  const x = tf.randomNormal([2, 6, 6, 4], 0, 1, 'float32', 2) as tf.Tensor4D;
  const layer = groupedConv2d({ name: 'grouped', filters: 6, kernelSize: 3, padding: 'same', groups: 2 });
  const model = modelOf(layer, [6, 6, 4]);

  it('convolves each half of the channels by itself, and adds the bias', () => {
    layer.setWeights([tf.randomNormal([3, 3, 2, 6], 0, 1, 'float32', 3), tf.tensor1d([1, 2, 3, 4, 5, 6])]);
    const [kernel, bias] = layer.getWeights() as [tf.Tensor4D, tf.Tensor];
    const halves = [0, 1].map((half) =>
      tf.conv2d(x.slice([0, 0, 0, 2 * half], [2, 6, 6, 2]), kernel.slice([0, 0, 0, 3 * half], [3, 3, 2, 3]), 1, 'same'),
    );
    expect(maxDifference(model.predict(x) as tf.Tensor, tf.concat(halves, 3).add(bias))).toBeLessThan(1e-5);
  });

  it('refuses channels that the groups do not divide', () => {
    const odd = groupedConv2d({ name: 'odd', filters: 6, kernelSize: 3, groups: 2 });
    expect(() => odd.apply(tf.input({ shape: [6, 6, 3] }))).toThrow(/'odd': 2 groups do not divide 3 channels/);
  });
});
