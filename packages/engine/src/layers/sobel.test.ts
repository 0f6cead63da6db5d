import { describe, expect, it } from 'vitest';
import { sobel } from './layers.ts';
import { maxDifference } from '../testing/checks.ts';
import { tf } from '../tensorflow.ts';

function modelOf(layer: { apply(input: tf.SymbolicTensor): unknown }, shape: number[]): tf.LayersModel {
  const input = tf.input({ shape });
  return tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
}

describe('sobel', () => {
  const model = modelOf(sobel({ name: 'sobel' }), [4, 5, 3]);

  it('measures the slope of the grey along x and along y', () => {
    // Grey rises by 1 a pixel to the right and 10 a pixel down; the filters' eight-fold of it, x and y from left/top.
    const grey = tf.tensor4d(
      [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3, 4].map((j) => j + 10 * i)),
      [1, 4, 5, 1],
    );
    const image = tf.concat([grey.mul(3), grey.mul(0), grey.mul(0)], 3);
    const y = (model.predict(image) as tf.Tensor4D).slice([0, 1, 1, 0], [1, 2, 3, 2]);
    const expected = tf.tile(tf.tensor4d([-8, -80], [1, 1, 1, 2]), [1, 2, 3, 1]);
    expect(maxDifference(y, expected)).toBeLessThan(1e-4);
  });

  it('takes zeros around the image', () => {
    const corner = (model.predict(tf.ones([1, 4, 5, 3])) as tf.Tensor).dataSync().slice(0, 2);
    // Of the filters' columns 0, 1, 2 and rows only 1 and 2 lie on the image: −2 − 1 each.
    expect(corner[0]).toBeCloseTo(-3, 5);
    expect(corner[1]).toBeCloseTo(-3, 5);
  });

  it('is never trained', () => {
    expect(model.trainableWeights).toHaveLength(0);
    expect(model.weights).toHaveLength(1);
  });
});
